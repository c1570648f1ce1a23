"""Every bad day of a start: one clear sentence, the next step, nothing left behind.

No Spark runs here: a start that gets that far waits in one of Synapse's own phases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

import pytest
from azure_http import ARM
from azure_kernel import PLACE, START, Place, said, secrets_of
from simulator.app import Simulator
from simulator.directory import (
    COMPUTE,
    FABRIC_WORKSPACE,
    GROUP,
    LAKEHOUSE,
    POOL,
    SUBSCRIPTION,
    SYNAPSE,
    TENANT,
    WORKSPACE,
)
from simulator.fabric import PACKAGING
from simulator.sessions import ACQUIRING, QUEUED, SUBMITTING
from simulator.synapse import CAPACITY, LIBRARY, TOKEN_SERVICE, stuck
from simulator.wire import Reply

LIMIT = 90
FABRIC = f"%synapse start -c fabric:{FABRIC_WORKSPACE}/{LAKEHOUSE}"


@dataclass
class Day:
    """`words`: regular expressions that the sentence has, in any case."""

    what: str
    words: list[str]
    line: str = START
    make: Callable[[Simulator, Place], None] = lambda azure, place: None
    credential: str = "secret"
    sources: str = ""  # AZURE_TOKEN_CREDENTIALS


def pool(azure: Simulator):
    return azure.directory.synapse[SYNAPSE].pools[POOL]


def fate(how) -> Callable[[Simulator, Place], None]:
    return lambda azure, place: pool(azure).fates.append(how)


def login_fails(code: int) -> Callable[[Simulator, Place], None]:
    return lambda azure, place: setattr(azure.login, "fails_with", code)


def no_arm_role(azure: Simulator, place: Place) -> None:
    azure.directory.arm_roles.clear()


def no_synapse_role(azure: Simulator, place: Place) -> None:
    azure.directory.synapse[SYNAPSE].roles.clear()


def firewall(azure: Simulator, place: Place) -> None:
    azure.directory.synapse[SYNAPSE].refuses_address = True


def pool_is_full(azure: Simulator, place: Place) -> None:
    pool(azure).is_full = True


def pool_is_deleted(azure: Simulator, place: Place) -> None:
    azure.directory.synapse[SYNAPSE].pools.clear()


def wrong_secret(azure: Simulator, place: Place) -> None:
    azure.directory.application.secret = "not~the~one~that~is~sent"


def secret_is_over(azure: Simulator, place: Place) -> None:
    azure.directory.application.is_secret_over = True


def foreign_token(azure: Simulator, place: Place) -> None:
    token, _ = azure.mint.make(ARM, azure.directory.other_user, "test")
    file = place.home / "token"
    file.write_text(token)
    place.configure(token={"file": str(file)})


def revoked_tokens(azure: Simulator, place: Place) -> None:
    """Whatever it is given, the service refuses it."""
    azure.mint.revoked_before = azure.clock.now() + 3600


def redirected(azure: Simulator, place: Place) -> None:
    away = Reply(307, None, {"Location": "https://evil.example/steal"})
    azure.bad_day("GET", "management", "/computes/", reply=away, times=9)


def redirected_post(azure: Simulator, place: Place) -> None:
    away = Reply(307, None, {"Location": "https://evil.example/steal"})
    azure.bad_day("POST", "azuresynapse", "/sessions", reply=away, times=9)


def plain_http(azure: Simulator, place: Place) -> None:
    place.configure(endpoints={"arm": "http://management.azure.com"})


def typo_in_the_configuration(azure: Simulator, place: Place) -> None:
    place.configure(endpoints={"amr": "https://x.example"})


def workspace_text(text: str) -> Callable[[Simulator, Place], None]:
    return lambda azure, place: place.workspace_file(text) and None


def throttled(azure: Simulator, place: Place) -> None:
    """Throttled twice on the way, and asked again as often; then the pool is full."""
    busy = Reply(429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "0"})
    azure.bad_day("GET", "management", "/computes/", reply=busy, times=2)
    azure.bad_day("POST", "azuresynapse", "/sessions$", reply=busy, times=2)
    pool(azure).fates.append(CAPACITY)


def html_error(azure: Simulator, place: Place) -> None:
    """A page, and it says that waiting for it takes longer than a start does."""
    page = "<html><body><h1>Bad Gateway</h1></body></html>"
    gateway = Reply(502, page, {"Retry-After": "300"})
    azure.bad_day("GET", "management", "/computes/", reply=gateway, times=99)


def viewer(azure: Simulator, place: Place) -> None:
    members = azure.directory.fabric[2].members
    for who in members:
        members[who] = "Viewer"


def full_capacity(azure: Simulator, place: Place) -> None:
    azure.directory.fabric[2].capacity = 0
    azure.fabric.capacity_back = "300"


def packaging(azure: Simulator, place: Place) -> None:
    azure.directory.fabric[2].fates.append(PACKAGING)


def start_with(**changed: str) -> str:
    names = {"c": COMPUTE, "s": SUBSCRIPTION, "r": GROUP, "w": WORKSPACE, **changed}
    return "%synapse start " + " ".join(f"-{k} {v}" for k, v in names.items() if v)


DAYS = [
    Day("a wrong subscription", ["subscription", "0000"], start_with(s="0000")),
    Day("a wrong group", ["resource group", "nogroup"], start_with(r="nogroup")),
    Day("a wrong workspace", ["workspace", "nows"], start_with(w="nows")),
    Day("a wrong compute", ["nopool", COMPUTE], start_with(c="nopool")),
    Day("another type", ["cpu-cluster", "AmlCompute"], start_with(c="cpu-cluster")),
    Day("a failed compute", ["failed-pool", "Failed"], start_with(c="failed-pool")),
    Day("one being made", ["creating-pool", "Creating"], start_with(c="creating-pool")),
    Day("a deleted pool", ["deletedpool"], start_with(c="gone-pool")),
    Day("a pool that vanished", [POOL], make=pool_is_deleted),
    Day("a full pool", ["core", "executor|-n|size"], make=pool_is_full),
    Day("no capacity", ["core", "executor|-n|size"], make=fate(CAPACITY)),
    Day("no role in ARM", ["Contributor|Reader|role", WORKSPACE], make=no_arm_role),
    Day(
        "no role in Synapse",
        ["Synapse", "role|Administrator|Compute Operator", "grant|assign"],
        make=no_synapse_role,
    ),
    Day("the firewall", ["firewall", "192\\.0\\.2\\.7"], make=firewall),
    Day("libraries", ["nosuchpackage|library|packages"], make=fate(LIBRARY)),
    Day("the token service", ["again|token"], make=fate(TOKEN_SERVICE)),
    Day("a wrong secret", ["secret", "AADSTS7000215"], make=wrong_secret),
    Day("an expired secret", ["secret", "expired"], make=secret_is_over),
    Day("MFA", ["multi-?factor|MFA", "az login|login"], make=login_fails(50076)),
    Day("conditional access", ["polic|conditional"], make=login_fails(53003)),
    Day("an unknown tenant", ["tenant"], make=login_fails(90002)),
    Day("a foreign token", ["tenant", TENANT], make=foreign_token, credential="none"),
    Day("refused tokens", ["token|login|log in", "401|refused"], make=revoked_tokens),
    Day("a redirect", ["redirect", "token stays"], make=redirected),
    Day("a redirected POST", ["evil\\.example"], make=redirected_post),
    Day("plain http", ["http://management", "https"], make=plain_http),
    Day(
        "a typo in the configuration",
        ["config\\.yml", "amr", "endpoints\\.arm|`arm`", ":\\d|line"],
        make=typo_in_the_configuration,
    ),
    Day(
        "a config.json that is no JSON",
        ["config\\.json", "line 3|:3"],
        f"%synapse start -c {COMPUTE}",
        workspace_text('{\n "subscription_id": "x",\n "resource_group" "y"\n}'),
    ),
    Day(
        "a config.json with a typo",
        ["config\\.json", "resource_group"],
        f"%synapse start -c {COMPUTE}",
        workspace_text(
            '{"subscription_id": "x", "resourcegroup": "y", "workspace_name": "z"}'
        ),
    ),
    Day("no workspace", ["-s|config\\.json", "-w"], f"%synapse start -c {COMPUTE}"),
    Day("a throttled start", ["core"], make=throttled),
    Day("a gateway's page", ["502", "again in 5 min"], make=html_error),
    Day(
        "no login at all",
        ["az login", "%synapse login"],
        credential="none",
        sources="prod",
    ),
    Day("no az", ["az", "install"], credential="none", sources="AzureCliCredential"),
    Day("a wrong Fabric workspace", ["Nowhere"], "%synapse start -c fabric:Nowhere/x"),
    Day(
        "a wrong lakehouse",
        ["Passenger", LAKEHOUSE],
        f"%synapse start -c fabric:{FABRIC_WORKSPACE}/Passenger",
    ),
    Day("a viewer", ["Contributor|Member|role|permission"], FABRIC, viewer),
    Day(
        "a full capacity",
        ["capacity", "stop|cancel|wait|larger"],
        FABRIC,
        full_capacity,
    ),
    Day("packaging", ["librar"], FABRIC, packaging),
]


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.what)
def test_a_bad_day_is_told_and_leaves_nothing(
    azure: Simulator, place: Place, day: Day
) -> None:
    azure.synapse.phase_seconds = azure.fabric.phase_seconds = 0.02
    environment = azure.environment("secret")
    sources = {"AZURE_TOKEN_CREDENTIALS": day.sources}
    with place.kernel(azure, day.credential, **sources) as kernel:
        day.make(azure, place)
        cell = kernel.run(day.line, limit=LIMIT)
        sentence = said(cell)
        print(sentence)
        for word in day.words:
            assert re.search(word, sentence, re.IGNORECASE), f"{word!r}: {sentence}"
        for secret in (*secrets_of(azure), environment["AZURE_CLIENT_SECRET"]):
            assert secret not in cell.text
        assert "NoSparkSession" in said(kernel.run("%synapse stop", limit=LIMIT))
    assert not azure.running()
    elsewhere = azure.log.find("", "evil")
    assert not [e for e in elsewhere if "authorization" in e.request.headers]


# -- what takes time: the limit of a start, and Ctrl-C in each phase


@pytest.mark.parametrize("phase", [QUEUED, ACQUIRING, SUBMITTING])
def test_a_start_that_takes_too_long_is_deleted(
    azure: Simulator, place: Place, phase: str
) -> None:
    pool(azure).fates.append(stuck(phase))
    with place.kernel(azure) as kernel:
        sentence = said(kernel.run(f"{START} --start-timeout 2", limit=LIMIT))
        assert re.search(r"\b2(\.\d)? s", sentence) and "--start-timeout" in sentence
        assert azure.log.find("DELETE", "azuresynapse", "/sessions/0$")
        assert not azure.running()


def hanging_login(azure: Simulator) -> None:
    azure.bad_day("POST", "login", "/token", delay=60)


def hanging_arm(azure: Simulator) -> None:
    azure.bad_day("GET", "management", "/computes/", delay=60)


def hanging_post(azure: Simulator) -> None:
    """Synapse takes the session, and its answer never comes."""
    pool(azure).fates.append(stuck(ACQUIRING))
    azure.bad_day("POST", "azuresynapse", "/sessions$", loses_reply=True, delay=2)


@pytest.mark.parametrize(
    "wait, make",
    [
        (("POST", "login", "/token"), hanging_login),
        (("GET", "management", "/computes/"), hanging_arm),
        (("POST", "azuresynapse", "/sessions"), hanging_post),
    ],
    ids=["login", "arm", "post"],
)
def test_an_interrupt_ends_what_hangs(
    azure: Simulator, place: Place, wait: tuple[str, str, str], make: Callable
) -> None:
    make(azure)
    with place.kernel(azure) as kernel:
        sent = kernel.send(START)
        azure.asked.wait(*wait)
        kernel.interrupt()
        cell = kernel.finish(sent, limit=LIMIT)
        assert "Interrupt" in said(cell), cell.text
    assert not azure.running()


@pytest.mark.parametrize("phase", [QUEUED, ACQUIRING, SUBMITTING])
def test_an_interrupt_in_each_phase_leaves_nothing(
    azure: Simulator, place: Place, phase: str
) -> None:
    pool(azure).fates.append(stuck(phase))
    with place.kernel(azure) as kernel:
        sent = kernel.send(START)
        azure.log.wait("GET", "azuresynapse", "/sessions/0$")
        kernel.interrupt()
        assert "Interrupt" in said(kernel.finish(sent, limit=LIMIT))
        azure.log.wait("DELETE", "azuresynapse", "/sessions/0$")
        assert not azure.running()


def test_a_lost_answer_to_a_start_leaves_one_session(
    azure: Simulator, place: Place
) -> None:
    """The session is found again by its name, and not asked for twice."""
    pool(azure).fates += [stuck(ACQUIRING), stuck(ACQUIRING)]
    azure.bad_day("POST", "azuresynapse", "/sessions$", loses_reply=True)
    with place.kernel(azure) as kernel:
        sentence = said(kernel.run(f"{START} --start-timeout 3", limit=LIMIT))
        assert "did not come up" in sentence, "it was found, and waited for"
        assert len(azure.synapse.history) == 1
        assert not azure.running()


# -- the network


def test_a_proxy_that_wants_a_password_gets_it(azure: Simulator, place: Place) -> None:
    azure.proxy.password = "me:secret"
    with place.kernel(azure) as kernel:
        assert COMPUTE in kernel.ok(f"%synapse list {PLACE}").text


@pytest.mark.parametrize(
    "change, words",
    [
        ({"SSL_CERT_FILE": ""}, ["certificate", "SSL_CERT_FILE"]),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, ["proxy", "127\\.0\\.0\\.1:9"]),
    ],
    ids=["unknown authority", "no proxy there"],
)
def test_what_is_wrong_on_the_way_is_told(
    azure: Simulator, place: Place, change: dict, words: list[str]
) -> None:
    with place.kernel(azure, **change) as kernel:
        sentence = said(kernel.run(START, limit=LIMIT))
        for word in words:
            assert re.search(word, sentence, re.IGNORECASE), f"{word!r}: {sentence}"


def test_a_wrong_password_of_the_proxy_is_told(azure: Simulator, place: Place) -> None:
    azure.proxy.password = "me:secret"
    url = azure.proxy_url.replace("secret", "wrong")
    with place.kernel(azure, HTTPS_PROXY=url) as kernel:
        sentence = said(kernel.run(START, limit=LIMIT))
        assert "proxy" in sentence and "wrong" not in sentence


@pytest.mark.parametrize("hours", [-2, 2])
def test_clocks_may_differ(azure: Simulator, place: Place, hours: int) -> None:
    """Azure's clock counts for its tokens, whatever this machine's says."""
    azure.clock.skew = hours * 3600
    with place.kernel(azure) as kernel:
        assert COMPUTE in kernel.ok(f"%synapse list {PLACE}").text
        assert COMPUTE in kernel.ok(f"%synapse list {PLACE}").text
    assert len(azure.log.find("POST", "login")) <= 4
