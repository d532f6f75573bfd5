"""The report as a reader finds it: made by Snakemake, opened and clicked through in Chromium."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pointclip import ablations, documents, figures, record, store, tables


HERE = Path(__file__).parent
CAPTIONS = HERE.parents[1] / "workflow" / "report"
FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1500,1000"),
]


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    same = {
        **{"dataset": "furniture", "prompts": "v2", "backbone": "iconclip", "protocol": "plain"},
        **{"top5": 80.0, "mean_class_accuracy": 50.0, "n": 100},
    }
    return pd.DataFrame(
        same
        | {"projection": projection, "method": method, "shots": shots, "seed": seed}
        | {"accuracy": 30.0 + 5 * shots + (seed or 0)}
        for projection in ("pointclip_fs", "pointclip_v2")
        for method, shots, seeds in (
            ("zero_shot", 0, [None]),
            *(("inter_view", shots, [1, 2, 3]) for shots in range(1, 11)),
        )
        for seed in seeds
    )


@pytest.fixture(scope="module")
def report(scores: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`snakemake --report` over a few files, with this repository's captions."""
    where = tmp_path_factory.mktemp("report")
    few = scores[scores["shots"] == 4]
    figures.save(figures.shots_curve(scores, title="furniture"), where / "furniture.svg")
    figures.save(figures.ablation_plot(few, "projection"), where / "ablation.svg")
    documents.write(tables.summarise(scores), where / "accuracy.html")
    documents.write(tables.per_seed(scores), where / "accuracy.csv")
    compared = ablations.compare(few, "projection")
    said = ablations.sentences(compared, "projection")
    documents.write(compared, where / "ablation.html", note=said)
    seconds = record.stage_seconds([], where)
    store.write_text(record.page(record.describe("cpu"), {"a": 1}, seconds), where / "source.html")
    store.write_text("datasets: {furniture: {}}\nname: tiny\n", where / "config.yaml")
    for words in (["--cores", "1"], ["--report", "report.html"]):
        call = [sys.executable, "-m", "snakemake", "-s", str(HERE / "report.smk"), *words]
        done = subprocess.run(call, cwd=where, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return where / "report.html"


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


def open_result(browser: Any, report: Path, category: str, form: str = "") -> None:
    """Open the report anew, go to a category (and one of its forms), and show the first result."""
    browser.get("about:blank")
    browser.get(report.as_uri())
    browser.find_element("xpath", f"//a[normalize-space()='{category}']").click()
    if form:
        browser.find_element("xpath", f"//label[normalize-space()='{form}']").click()
    browser.find_element("css selector", "a[iconname=eye]").click()


def test_the_first_page_explains_protocols_and_lists_categories(browser: Any, report: Path) -> None:
    browser.get(report.as_uri())
    links = [link.text for link in browser.find_elements("css selector", "a") if link.text]
    assert [link for link in links if link in ("Tables", "Figures", "Ablations", "Provenance")] == [
        *("Ablations", "Figures", "Provenance", "Tables")
    ]
    body = browser.find_element("tag name", "body").text
    assert "What the protocols mean" in body
    assert "it chooses on the test labels" in body
    assert "config tiny, data sets furniture" in body
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors


def test_a_click_leads_to_a_figure_and_its_caption(browser: Any, report: Path) -> None:
    open_result(browser, report, "Figures")
    shown = browser.find_element("css selector", "img[src*='shots_curve.svg']")
    assert browser.execute_script("return arguments[0].naturalWidth", shown) > 300
    assert shown.size["width"] > 300 and shown.is_displayed()
    assert "accuracy by shots" in browser.find_element("tag name", "body").text
    browser.find_element("css selector", "a[iconname=information-circle]").click()
    caption = browser.find_element("xpath", "//*[contains(text(), 'number of shots per class')]")
    assert caption.is_displayed()


@pytest.mark.parametrize(
    ("category", "form", "words"),
    [
        ("Tables", "mean over seeds", ["inter_view", "pointclip_v2", "52.00", "plain"]),
        ("Ablations", "table and sentences", ["pointclip_fs", "is best with", "Change"]),
        ("Provenance", "", ["Where these results come from", "snakemake", "device"]),
    ],
)
def test_pages_open_inside_the_report(
    browser: Any, report: Path, category: str, form: str, words: list[str]
) -> None:
    open_result(browser, report, category, form)
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    text = browser.find_element("tag name", "body").text
    assert not [word for word in words if word not in text]


def test_a_long_table_can_be_filtered_inside_the_report(browser: Any, report: Path) -> None:
    open_result(browser, report, "Tables", "mean over seeds")
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))

    def shown() -> int:
        rows = browser.find_elements("css selector", "tbody tr:not(.gt_group_heading_row)")
        return sum(row.is_displayed() for row in rows)

    assert shown() == 22
    browser.find_element("id", "words").send_keys("zero_shot furniture")
    assert shown() == 2


def test_every_caption_is_used_and_every_used_one_exists() -> None:
    rules = "".join(path.read_text() for path in (HERE.parents[1] / "workflow").rglob("*.smk"))
    rules += (HERE.parents[1] / "workflow" / "Snakefile").read_text()
    for caption in CAPTIONS.glob("*.rst"):
        assert f"report/{caption.name}" in rules, caption.name
    used = {name.split('"')[0] for name in rules.split("report/")[1:] if ".rst" in name[:60]}
    assert all((CAPTIONS / name).exists() for name in used)
