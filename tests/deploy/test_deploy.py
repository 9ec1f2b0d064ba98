"""The deploy files against what they deploy: flags, settings, ports, metrics, probes and secrets that really exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent import settings
from agent.metrics import Metrics

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = [part for part in yaml.safe_load_all((DEPLOY / "kubernetes/colloquy.yaml").read_text()) if part]
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana/colloquy.json").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
OF_THE_WORKER = {"LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "COLLOQUY_URL", "COLLOQUY_API_KEY"}


def manifest(kind: str) -> dict[str, Any]:
    return next(part for part in MANIFESTS if part["kind"] == kind)


def containers() -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in manifest("Deployment")["spec"]["template"]["spec"]["containers"]}


def environments() -> list[tuple[str, set[str]]]:
    """(which program, the variables that it is given)."""
    found = [(service, set(COMPOSE["services"][service]["environment"])) for service in ("agent", "worker")]
    return found + [(name, {entry["name"] for entry in part["env"]}) for name, part in containers().items()]


@pytest.mark.parametrize(("program", "given"), environments())
def test_every_variable_is_one_that_the_program_reads(program: str, given: set[str]) -> None:
    known = OF_THE_WORKER if program == "worker" else {f"COLLOQUY_{name.upper()}" for name in settings.fields()}
    assert given <= known


def test_every_command_is_one_that_the_program_takes() -> None:
    pytest.importorskip("livekit.agents")
    from clients.livekit.command import parser

    for given in (COMPOSE["services"]["worker"]["command"], containers()["worker"]["args"]):
        assert given[0] == "room"
        assert parser().parse_args(given[1:]).health_port == 8081
    assert COMPOSE["services"]["agent"]["command"] == ["serve"] == containers()["agent"]["args"]


def test_an_agent_that_others_can_reach_has_a_key() -> None:
    for name, environment in environments():
        if name == "agent":
            assert {"COLLOQUY_HOST", "COLLOQUY_API_KEY"} <= environment


def test_every_metric_on_the_dashboard_exists() -> None:
    text = Metrics().text().decode()
    families = set(re.findall(r"# TYPE (\S+)", text))
    shown = {
        name for panel in DASHBOARD["panels"] for target in panel["targets"]
        for name in re.findall(r"colloquy_\w+", target["expr"])
    }  # fmt: skip
    assert len(shown) > 8
    for name in shown:
        assert name in families or name.removesuffix("_bucket") in families, name


def test_every_label_on_the_dashboard_exists() -> None:
    metrics = Metrics()
    source = (Path(__file__).resolve().parents[2] / "agent/metrics.py").read_text()
    assert metrics
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            for label in re.findall(r"by \(([\w, ]+)\)", target["expr"]):
                assert all(name == "le" or f'"{name}"' in source for name in label.split(", "))


def test_panels_do_not_lie_on_each_other() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


def test_prometheus_asks_where_the_agent_listens_and_shows_its_key() -> None:
    (job,) = PROMETHEUS["scrape_configs"]
    port = COMPOSE["services"]["agent"]["environment"]["COLLOQUY_PORT"]
    assert job["static_configs"] == [{"targets": [f"agent:{port}"]}]
    mounted = {entry["target"] for entry in COMPOSE["services"]["prometheus"]["configs"]}
    assert job["authorization"]["credentials_file"] in mounted


def test_every_file_that_is_mounted_is_there_and_every_volume_is_named() -> None:
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], (
                name,
                volume,
            )
        for other in service.get("depends_on", {}):
            assert other in COMPOSE["services"]
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()


def test_probes_and_services_name_ports_that_are_open() -> None:
    for part in containers().values():
        ports = {port["name"] for port in part["ports"]}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            for how in ("httpGet", "tcpSocket"):
                if how in part.get(probe, {}):
                    assert part[probe][how]["port"] in ports
    service = manifest("Service")["spec"]
    template = manifest("Deployment")["spec"]["template"]
    assert service["selector"].items() <= template["metadata"]["labels"].items()
    assert manifest("Deployment")["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    http = next(port for port in containers()["agent"]["ports"] if port["name"] == service["ports"][0]["targetPort"])
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(http["containerPort"])


def test_a_gpu_is_asked_for_and_promised_and_nothing_runs_as_root() -> None:
    resources = containers()["agent"]["resources"]
    assert resources["requests"]["nvidia.com/gpu"] == resources["limits"]["nvidia.com/gpu"] == "1"
    assert manifest("Deployment")["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
    user = re.search(r"^USER (\d+)$", DOCKERFILE, re.M)
    assert user is not None
    assert int(user.group(1)) == manifest("Deployment")["spec"]["template"]["spec"]["securityContext"]["runAsUser"]


def test_the_image_holds_every_package_and_the_weights_that_make_serve_installs() -> None:
    root = DEPLOY.parent
    packages = {path.parent.name for path in root.glob("*/__init__.py")} - {"tests"}
    copied = set(re.findall(r"^COPY (\w+) \w+$", DOCKERFILE, re.M))
    assert packages <= copied
    assert "$(sed -n 's/^WEIGHTS := //p' Makefile)" in DOCKERFILE
    assert re.search(r"^WEIGHTS := \S+==\S+", (root / "Makefile").read_text(), re.M)


def test_no_secret_is_written_down() -> None:
    text = "".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file())
    assert not re.search(r"(?i)(api[_-]?key|secret)[\"']?\s*[:=]\s*[\"']?[a-z0-9+/]{16,}", text)
