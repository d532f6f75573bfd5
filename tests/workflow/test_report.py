"""The report as a reader finds it: of the real DAG, opened and clicked through in Chromium."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import REPOSITORY, Project


CAPTIONS = REPOSITORY / "workflow" / "report"
FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1500,1000"),
]


@pytest.fixture(scope="module")
def report(browser: Any, finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`snakemake --report` of the finished run; asks for a browser first, or it were in vain."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    outcome = finished.snakemake("--report", str(path))
    assert outcome.code == 0, outcome.text
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("Chromium and its driver are not installed (Debian: chromium chromium-driver).")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # With the driver's own path selenium looks for no other, and downloads none.
    service = webdriver.ChromeService(executable_path=driver)
    window = webdriver.Chrome(options=options, service=service)
    window.implicitly_wait(20)
    try:
        yield window
    finally:
        window.quit()


def open_result(browser: Any, report: Path, category: str, *words: str, form: str = "") -> None:
    """Open the report anew and click through a category (and form) to the result with `words`."""
    browser.get("about:blank")
    browser.get(report.as_uri())
    browser.find_element("xpath", f"//a[normalize-space()='{category}']").click()
    if form:
        browser.find_element("xpath", f"//label[normalize-space()='{form}']").click()
    has = "".join(f"[contains(., '{word}')]" for word in words)
    browser.find_element("xpath", f"//tr{has}//a[@iconname='eye']").click()


def test_the_first_page_explains_protocols_and_lists_categories(browser: Any, report: Path) -> None:
    browser.get(report.as_uri())
    links = [link.text for link in browser.find_elements("css selector", "a") if link.text]
    for category in ("Ablations", "Figures", "Provenance", "Tables"):
        assert links.count(category) == 1
    body = browser.find_element("tag name", "body").text
    assert "What the protocols mean" in body
    assert "it chooses on the test labels" in body
    assert "data sets three" in body
    # The headline table and the curve stand there too.
    table = browser.find_element("css selector", "#pointclip table")
    first_page = table.get_attribute("textContent")
    assert all(word in first_page for word in ("zero_shot", "short", "0 shots", "2 shots"))
    assert "released" not in first_page.split("Accuracy on test")[0]
    assert browser.find_element("css selector", "svg #axes_1").size["width"] > 100
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors


@pytest.mark.parametrize(
    ("words", "caption"),
    [
        (("three", "Few-shot accuracy"), "number of shots per class"),
        (("three", "Depth maps, small"), "one row a shape"),
        (("three", "Accuracy per class, few_shot"), "Accuracy of every class"),
        (("three", "Confusion matrix, zero_shot"), "each row is a true class"),
    ],
)
def test_a_click_leads_to_a_figure_and_its_caption(
    browser: Any, report: Path, words: tuple[str, str], caption: str
) -> None:
    open_result(browser, report, "Figures", *words)
    shown = browser.find_element("css selector", "img[src*='base64']:not([src*='logo'])")
    assert browser.execute_script("return arguments[0].naturalWidth", shown) > 200
    assert shown.size["width"] > 200 and shown.is_displayed()
    has = "".join(f"[contains(., '{word}')]" for word in words)
    browser.find_element("xpath", f"//tr{has}//a[@iconname='information-circle']").click()
    assert browser.find_element("xpath", f"//*[contains(text(), '{caption}')]").is_displayed()


@pytest.mark.parametrize(
    ("category", "row", "form", "words"),
    [
        ("Tables", "mean over seeds", "", ["short", "zero_shot", "released", "Seeds"]),
        ("Ablations", "views", "table and sentences", ["pair", "values of projection", "Change"]),
        ("Provenance", "provenance of", "", ["snakemake", "device", "encode", "epochs: 3"]),
    ],
)
def test_pages_open_inside_the_report(
    browser: Any, report: Path, category: str, row: str, form: str, words: list[str]
) -> None:
    open_result(browser, report, category, row, form=form)
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    text = browser.find_element("tag name", "body").text
    assert not [word for word in words if word not in text]


def test_a_long_table_can_be_filtered_inside_the_report(browser: Any, report: Path) -> None:
    open_result(browser, report, "Tables", "published numbers")
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))

    def shown() -> int:
        # One question to the browser: two hundred rows would be two hundred.
        rows = "document.querySelectorAll('tbody tr:not(.gt_group_heading_row)')"
        return browser.execute_script(f"return [...{rows}].filter((r) => r.offsetParent).length")

    assert shown() > 150
    browser.find_element("id", "words").send_keys("plain modelnet40 19.33")
    assert shown() == 1


def test_every_caption_is_used_and_every_used_one_exists() -> None:
    """The caption of a file is the second argument of `shown`, or has the file's name."""
    rules = (REPOSITORY / "workflow" / "rules").glob("*.smk")
    text = "".join(path.read_text() for path in rules)
    shown = re.findall(r'shown\(\s*"([^"]+)"(?:,\s*"([^"]+)")?', text)
    used = {f"{caption or Path(file).stem}.rst" for file, caption in shown}
    assert used | {"workflow.rst"} == {path.name for path in CAPTIONS.iterdir()}
