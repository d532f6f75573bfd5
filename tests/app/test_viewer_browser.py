"""The page in a real browser: nothing fetched, the cloud drawn, views switched, same numbers."""

import json
import shutil

import numpy as np
import pytest
import trimesh
from tiny import tiny_backbone
from typer.testing import CliRunner

from pointclip.app.cli import app
from pointclip.catalog.backbones import BACKBONES


BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="needs Debian's chromium and chromium-driver"
)
selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1400",
]
CLASSES = ["ball", "box", "cup & <b>saucer</b>"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = selenium.ChromeOptions()
    options.binary_location = BROWSER
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A page of two shapes, and what the command line says about them."""
    folder = tmp_path_factory.mktemp("page")
    trimesh.creation.icosphere().export(folder / "ball.off")
    trimesh.creation.box((1, 2, 3)).export(folder / "box.off")
    BACKBONES["tiny"] = tiny_backbone(folder / "tiny", prompts="class_name")
    try:
        common = [str(folder), "--classes", ",".join(CLASSES), "--backbone", "tiny"]
        done = CliRunner().invoke(app, ["show", *common, "-o", str(folder / "page.html")])
        assert done.exit_code == 0, done.output
        read = CliRunner().invoke(app, ["classify", *common, "--json", "--top", "9"])
    finally:
        del BACKBONES["tiny"]
    return folder / "page.html", [json.loads(line) for line in read.stdout.splitlines()]


@pytest.fixture
def page(browser, made):
    browser.get_log("performance")
    browser.get(made[0].as_uri())
    return browser


def drawn(page) -> np.ndarray:
    """The canvas: opaque where a point is drawn."""
    script = """const c = document.getElementById("cloud");
        return Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data
            .filter((_, i) => i % 4 === 3));"""
    page.execute_async_script(
        "const d = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => d()))"
    )
    opaque = np.array(page.execute_script(script)) > 0
    return opaque.reshape(int(len(opaque) ** 0.5), -1)


def bars(page, box: str) -> dict[str, float]:
    script = """return [...document.querySelectorAll(`#${arguments[0]} li`)].map(
        li => [li.dataset.class, Number(li.dataset.probability), li.innerText])"""
    rows = page.execute_script(script, box)
    for _, probability, text in rows:
        assert f"{100 * probability:.1f} %" in text
    return {name: probability for name, probability, _ in rows}


def test_nothing_is_fetched_and_nothing_fails(page):
    assert page.get_log("browser") == []
    events = [json.loads(row["message"])["message"] for row in page.get_log("performance")]
    asked = [
        e["params"]["request"]["url"] for e in events if e["method"].endswith("requestWillBeSent")
    ]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_cloud_is_drawn_and_turns(page):
    page.execute_script("viewer.turned = true")
    before = drawn(page)
    assert 0.2 < before.mean() < 0.8
    page.find_element("css selector", "#files button:nth-child(2)").click()
    box = drawn(page)
    assert 0.05 < box.mean() < 0.6
    canvas = page.find_element("id", "cloud")
    selenium.ActionChains(page).drag_and_drop_by_offset(canvas, 120, 40).perform()
    assert (drawn(page) != box).mean() > 0.01


def test_the_numbers_are_those_of_the_command_line(page, made):
    for k, row in enumerate(made[1]):
        page.find_element("css selector", f"#files button:nth-child({k + 1})").click()
        expected = {c["class"]: c["probability"] for c in row["classes"]}
        assert bars(page, "all") == pytest.approx(expected, abs=1e-6)


def test_tabs_switch_the_view_its_numbers_and_the_column(page):
    tabs = page.find_elements("css selector", "#views button")
    assert len(tabs) == 10
    seen = set()
    for k in (0, 3, 9):
        tabs[k].click()
        assert tabs[k].get_attribute("aria-selected") == "true"
        assert f"View {k + 1} of 10" in page.find_element("id", "view-note").text
        seen.add(
            (page.find_element("id", "view").get_attribute("src"), *bars(page, "one").values())
        )
        chosen = page.find_elements("css selector", "th[aria-selected=true]")
        assert [cell.text for cell in chosen] == [str(k + 1)]
    assert len(seen) == 3
    tabs[9].send_keys(selenium.Keys.ARROW_RIGHT)
    assert tabs[0].get_attribute("aria-selected") == "true"


def test_names_are_text_and_never_markup(page):
    assert CLASSES[2] in bars(page, "all")
    assert page.find_elements("css selector", "main b") == []
