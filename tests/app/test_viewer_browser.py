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
    ball = trimesh.creation.icosphere()
    ball.visual.vertex_colors = [200, 30, 40, 255]
    ball.export(folder / "ball.ply")
    trimesh.creation.box((1, 2, 3)).export(folder / "box.off")
    BACKBONES["tiny"] = tiny_backbone(folder / "tiny", prompts="class_name")
    try:
        common = [str(folder), "--classes", ",".join(CLASSES), "--backbone", "tiny"]
        common += ["--projection", "pointclip_v2"]
        done = CliRunner().invoke(app, ["show", *common, "-o", str(folder / "page.html")])
        assert done.exit_code == 0, done.output
        read = CliRunner().invoke(app, ["classify", *common, "--json", "--top", "9"])
    finally:
        del BACKBONES["tiny"]
    return folder / "page.html", [json.loads(line) for line in read.stdout.splitlines()]


@pytest.fixture
def overview(browser, made):
    browser.get_log("performance")
    browser.get("about:blank")
    browser.get(made[0].as_uri())
    return browser


@pytest.fixture
def page(overview):
    return open_file(overview, 1)


def open_file(page, number):
    page.execute_script("location.hash = arguments[0]", f"#{number}")
    page.execute_async_script("setTimeout(arguments[0], 0)")
    return page


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
    open_file(page, 2)
    box = drawn(page)
    assert 0.05 < box.mean() < 0.6
    canvas = page.find_element("id", "cloud")
    selenium.ActionChains(page).drag_and_drop_by_offset(canvas, 120, 40).perform()
    assert (drawn(page) != box).mean() > 0.01


def test_the_numbers_are_those_of_the_command_line(page, made):
    for k, row in enumerate(made[1]):
        open_file(page, k + 1)
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


def rows(page) -> list[str]:
    return [row.text for row in page.find_elements("css selector", "#file-table tbody tr")]


def test_many_files_open_as_an_overview_to_sort_and_to_follow(overview, made):
    best = [max(row["classes"], key=lambda c: c["probability"]) for row in made[1]]
    shown = [f"{100 * each['probability']:.1f} %" for each in best]
    assert [row.split()[0] for row in rows(overview)] == ["ball.ply", "box.off"]
    assert all(value in row for value, row in zip(shown, rows(overview), strict=True))
    buttons = overview.find_elements("css selector", "#file-table th button")
    assert [button.text for button in buttons] == ["File", "Prediction", "Probability"]
    buttons[0].click()
    buttons[0].click()
    assert [row.split()[0] for row in rows(overview)] == ["box.off", "ball.ply"]
    buttons[2].click()
    assert rows(overview)[0].endswith(max(shown))
    head = overview.find_element("css selector", "#file-table th[aria-sort]")
    assert head.get_attribute("aria-sort") == "descending"
    buttons[2].click()
    assert rows(overview)[0].endswith(min(shown))
    painted = """const c = document.querySelector("#file-table canvas");
        return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some(v => v > 0);"""
    assert overview.execute_script(painted)
    overview.find_element("link text", "box.off").click()
    assert overview.find_element("id", "cloud").is_displayed()
    overview.back()
    assert overview.find_element("id", "file-table").is_displayed()


def mean_colour(page) -> list[float]:
    drawn(page)
    script = """const c = document.getElementById("cloud"), sum = [0, 0, 0, 0];
        c.getContext("2d").getImageData(0, 0, c.width, c.height).data.forEach(
            (v, i) => sum[i % 4] += v);
        return sum.slice(0, 3).map(v => 255 * v / sum[3]);"""
    return page.execute_script(script)


def test_points_show_their_own_colours_or_their_height_and_those_of_clip(page):
    page.execute_script("viewer.turned = true")
    red, green, blue = mean_colour(page)
    assert red > 2.5 * max(green, blue)
    own, height = page.find_elements("css selector", "#modes button")
    assert own.text == "Own colours" and height.text == "Height"
    height.click()
    assert mean_colour(page)[0] < 2 * mean_colour(page)[1]
    before = mean_colour(page)
    label = page.find_element("id", "mark-line")
    assert label.text == "Mark the 2,048 points that CLIP gets"
    label.click()
    assert np.abs(np.subtract(mean_colour(page), before)).max() > 5
    label.click()
    open_file(page, 2)
    assert not page.find_element("id", "modes").is_displayed()


def test_on_a_phone_the_prediction_stands_before_the_pictures(page):
    place = "return document.getElementById(arguments[0]).getBoundingClientRect().top"
    assert page.execute_script(place, "all") > page.execute_script(place, "view")
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert page.execute_script(place, "all") < page.execute_script(place, "cloud")
        assert page.execute_script("return document.documentElement.scrollWidth") == 390
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_names_are_text_and_never_markup(page):
    assert CLASSES[2] in bars(page, "all")
    assert page.find_elements("css selector", "main b") == []
