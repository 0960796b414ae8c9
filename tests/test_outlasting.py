"""Trainings on a cluster outlast the web process: it is killed, they go on, and the next one has them whole; and nothing stays behind."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from elsewhere import ray_cluster
from fake_tasks import Values
from gradio_client import Client
from serving import Server, stat

from playground.runs.events import Answer, Checkpoint, Finished, Progress, Snapshot, Started
from playground.runtimes import RunRegistry, UnknownRun
from playground.runtimes import ray_host as hosts
from playground.runtimes.folder import read, read_about
from playground.runtimes.inprocess import InProcessRuntime
from playground.runtimes.ray_host import Host, Parcel
from playground.runtimes.store import RunStore

DEADLINE = 60.0
LONG = {"model": "ae", "dataset": "digits", "width": 16, "depth": 1, "steps": 200_000, "batch_size": 16}


def until(condition, what: str):
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {DEADLINE:g} s for {what}"
        time.sleep(0.02)
    return found


# --- the actor's end, in this process --------------------------------------------------------------------------------


class Here(Host):
    """A host in this process, which does not end it."""

    made: list[Here] = []

    def __init__(self, parcel: Parcel) -> None:
        self.gone = threading.Event()
        self.made.append(self)
        super().__init__(parcel)

    def _settle(self) -> None:
        """This process is as it should be."""

    def _quit(self) -> None:
        self.gone.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(hosts, "PATIENCE", 0.2)
    yield
    while Here.made:
        each = Here.made.pop()
        each.send({"kind": "stop"})
        with each._changed:
            each._alone = True  # so that its loop waits for nobody
            each._changed.notify_all()
        until(lambda each=each: each._over, "the end of a task")


def host(steps=10**9, alone=60.0, run="run", **more) -> Here:
    return Here(Parcel("fake_tasks:counting", ({"steps": steps, "pause": 0.001, **more},), {}, run=run, alone=alone))


def taken(host: Host, arrived: int, written: int = 0, enough=lambda events: False) -> list[tuple[int, object]]:
    """Events until they are `enough`, or the last."""
    found = []
    while not enough(found):
        events, over = host.take(arrived, written)
        found += events
        arrived = events[-1][0] if events else arrived
        if over and not events:
            break
    return found


def test_what_is_not_written_comes_again_and_nothing_else():
    there = host(steps=40)
    first = taken(there, 0, enough=lambda events: len(events) >= 30)
    again = taken(there, 0, written=12)
    assert [n for n, _ in again] == list(range(13, 2 * 40 + 3)) and again[-1][1] == Finished(40, b"40")
    assert dict(again).items() >= dict(first[12:]).items()
    assert taken(there, 50, written=50) == again[38:]


def test_what_is_not_to_outlast_us_keeps_nothing_that_has_arrived():
    there = host(steps=20, run="")
    assert taken(there, 0)[-1] == (42, Finished(20, b"20")) and taken(there, 0) == []


def test_a_task_with_nobody_there_goes_on_with_fewer_pictures_and_then_ends(monkeypatch):
    monkeypatch.setattr(hosts, "ALONE_AFTER", 0.2)
    there = host(alone=2.0)
    there.send({"kind": "watch", "rate": 5.0})
    *_, (last, _) = taken(there, 0, enough=lambda events: len(events) >= 8)
    until(lambda: there._made > last + 500, "steps of a task that nobody asks")
    later = taken(there, last, last, enough=lambda events: len(events) >= 500)
    assert [n for n, event in later if isinstance(event, Progress)] and later[0][0] == last + 1
    rates = [event.losses["rate"] for _, event in later if isinstance(event, Progress)]
    assert rates[0] == 5.0 and hosts.ALONE_RATE in rates
    restored = taken(there, there._made, enough=lambda found: any(getattr(e, "losses", {}).get("rate") == 5.0 for _, e in found))
    assert len(restored) < 100
    assert not there.gone.is_set() and there.gone.wait(DEADLINE)


def test_pictures_of_a_time_alone_are_thinned_and_readings_are_not(monkeypatch):
    monkeypatch.setattr(hosts, "ALONE_AFTER", 0.1)
    there = host(steps=1000, alone=60.0)
    until(lambda: there._over, "the end")
    events = [event for _, event in taken(there, 0)]
    assert [event.step for event in events if isinstance(event, Progress)] == list(range(1, 1001))
    pictures = [event.step for event in events if isinstance(event, Snapshot)]
    assert hosts.MAX_SNAPSHOTS <= len(pictures) <= 2 * hosts.MAX_SNAPSHOTS and max(np.diff(pictures)) < 100


def test_answers_are_for_nobody_who_comes_later():
    there = host(steps=2)
    until(lambda: there._made == 4, "events")
    there._events[2] = Answer(1, {})
    parcel, standing = there.about()
    assert parcel.run == "run" and standing.messages() == []
    assert [n for n, _ in taken(there, 0)] == [1, 3, 4, 5, 6]


# --- from the registry to the actor, on a cluster without Ray ----------------------------------------------------------


class Cluster:
    """Named hosts, in threads of this process, as Ray has them in processes of others. Outlives every runtime."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}

    def get_actor(self, name: str):
        if name not in self.hosts:
            raise ValueError(name)
        there, names = self.hosts[name], ("take", "send", "about", "pid")
        call = {each: SimpleNamespace(remote=lambda *args, each=each: getattr(there, each)(*args)) for each in names}
        return SimpleNamespace(name=name, **call)

    def kill(self, actor) -> None:
        self.hosts.pop(actor.name).send({"kind": "stop"})

    def remote(self, cls):
        def begin(parcel, name):
            self.hosts[name] = Here(parcel)
            return self.get_actor(name)

        return SimpleNamespace(
            options=lambda name="", **_: SimpleNamespace(remote=lambda parcel: begin(parcel, name or f"unnamed {len(self.hosts)}"))
        )

    def get(self, value, timeout=None):
        return value


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Makes the registry of one web process after another, on one folder and one cluster; `server.cluster` is that."""
    ray_cluster = pytest.importorskip("playground.runtimes.ray_cluster")
    cluster, made = Cluster(), []
    fake = SimpleNamespace(
        **{name: getattr(cluster, name) for name in ("get_actor", "kill", "remote", "get")},
        cluster_resources=dict,
        is_initialized=lambda: True,
    )
    monkeypatch.setattr(ray_cluster, "ray", fake)
    monkeypatch.setattr(ray_cluster, "list_named_actors", lambda: list(cluster.hosts))

    def start(address="somewhere:1"):
        runtime = ray_cluster.RayRuntime(address, InProcessRuntime(), trainings=("fake_tasks:counting",))
        store = RunStore(tmp_path / "runs", every=0.02)
        made.append(RunRegistry(runtime, task="fake_tasks:counting", sweep_seconds=None, store=store))
        return made[-1]

    monkeypatch.setattr("playground.runtimes.live.parse_config", lambda values: Values(**LOOP))
    yield SimpleNamespace(start=start, cluster=cluster, folder=tmp_path / "runs")
    for registry in made:
        for live in registry._runs.values():
            live.attempt.cancel()
        registry.close()


LOOP = {"steps": 10**9, "pause": 0.001, "checkpoint_at": 5}


def killed(registry) -> None:
    """As if its process were gone: it asks for no more events, writes nothing more, and holds nothing."""
    for live in registry._runs.values():
        live.attempt.leave()
    for live in registry._runs.values():
        live.thread.join(DEADLINE)
    store = registry.store
    with store._writing:
        store._changed.clear()
        store._closed = True
        for ours in store._claims.values():
            ours.release()
        store._claims.clear()


def begun(server):
    """A registry whose training has come some way, onto the disk, too."""
    registry = server.start()
    run = registry.start(Values(**LOOP))
    about = server.folder / run
    until(lambda: (about / "run.json").exists() and read_about(about)["step"] > 10, "the disk")
    return registry, run


def test_the_next_server_has_the_run_whole_and_steers_it(server):
    registry, run = begun(server)
    registry.set(run, learning_rate=0.5)
    until(lambda: registry.get(run).history["learning_rate"][1][-1] == 0.5, "the setting")
    killed(registry)
    written = read_about(server.folder / run)["step"]
    (there,) = server.cluster.hosts.values()
    again = server.start()
    assert again.get(run).status == "running" and again.admission.counts() == {"running": 1, "waiting": 0}
    until(lambda: again.get(run).step > written + 200, "further steps")
    again.pause(run)
    until(lambda: again.get(run).status == "paused", "the pause")
    again.resume(run)
    again.set(run, learning_rate=0.25)
    until(lambda: again.get(run).history["learning_rate"][1][-1] == 0.25, "the other setting")
    again.stop(run)
    until(lambda: not again.get(run).active, "the end")
    record = again.get(run)
    assert (record.status, record.message) == ("stopped", "Stopped.") and record.checkpoint == str(record.step).encode()
    assert again._find(run)._history._series["train"]._count == record.step  # each once
    assert server.cluster.hosts == {} and there._over or until(lambda: there._over, "the loop's end")


def test_a_server_that_is_shut_down_leaves_it_to_the_next_and_a_run_that_ended_meanwhile_has_ended(server):
    registry, run = begun(server)
    registry.pause(run)
    until(lambda: registry.get(run).status == "paused", "the pause")
    registry.close()
    assert read_about(server.folder / run)["status"] == "paused" and len(server.cluster.hosts) == 1
    again = server.start()
    assert again.get(run).status == "paused" and again._find(run).held
    killed(again)
    (there,) = server.cluster.hosts.values()
    there.send({"kind": "stop"})
    until(lambda: there._over, "its end")
    third = server.start()
    until(lambda: not third.get(run).active, "the end")
    until(lambda: third.store.whole(third._find(run)), "the disk")
    assert read(server.folder / run).record.status == "stopped" and server.cluster.hosts == {}


def test_a_run_that_ended_itself_goes_on_from_the_disk(server):
    registry, run = begun(server)
    until(lambda: read_about(server.folder / run)["mark"][1] > 20 and registry.get(run).checkpoint_step == 5, "weights")
    registry.store.flush()
    killed(registry)
    server.cluster.kill(server.cluster.get_actor(*server.cluster.hosts))
    again = server.start()
    record = again.get(run)
    assert record.status == "stopped" and "Cut off at step" in record.message and "goes on from step 5." in record.message
    again.continue_(run)
    until(lambda: again.get(run).status == "running", "the run that goes on")
    again.stop(run)


def test_one_program_alone_takes_a_run_up_and_a_cluster_of_our_own_is_left_to_nobody(server):
    registry, run = begun(server)
    other = server.start()
    assert "goes on in another program" in other.get(run).message and registry.get(run).active
    registry.stop(run)
    local = server.start("local")
    gone = local.start(Values(**LOOP))
    until(lambda: (server.folder / gone / "run.json").exists(), "the disk")
    local.close()
    assert read_about(server.folder / gone)["status"] == "stopped"


def dead(*_):
    raise pytest.importorskip("ray").exceptions.RayActorError()


def test_an_actor_that_dies_after_a_restart_goes_on_in_another(server):
    registry, run = begun(server)
    killed(registry)
    (name,) = server.cluster.hosts
    again = server.start()
    until(lambda: again._find(run).attempt._run is not None, "the run of the server before")
    found = again._find(run).attempt._run
    assert found._name == name and found._checkpoint == Checkpoint(5, b"5")
    server.cluster.hosts[name].take = dead
    until(lambda: again.get(run).started.step == 5, "the second actor")
    assert found._name != name and set(server.cluster.hosts) == {name, found._name}
    killed(again)
    third = server.start()
    assert set(server.cluster.hosts) == {found._name} and third.get(run).status == "running"
    third.stop(run)
    until(lambda: not third.get(run).active, "the end")
    with pytest.raises(UnknownRun):
        third.get("nothing")


# --- a server, and a cluster -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.thorough
def test_a_run_on_a_cluster_goes_on_while_its_server_is_killed_and_restarted(tmp_path):
    with ray_cluster(nodes=1, cpus=2) as address:
        import ray
        from ray.util import list_named_actors

        ray.init(address=address, namespace="playground", log_to_driver=False)
        folder = tmp_path / "runs"
        flags = ("--ray", address, "--runs", str(folder))
        servers = [Server(tmp_path / "first.txt", *flags).wait()]

        def ask(*arguments, name: str = "status") -> dict:
            return Client(servers[-1].url, verbose=False).predict(*arguments, api_name=f"/{name}")

        try:
            run = next(iter(Client(servers[0].url, verbose=False).submit(LONG, api_name="/train")))["run"]
            before = until(lambda: (found := ask(run))["step"] > 200 and (folder / run / "run.json").exists() and found, "steps")
            (name,) = list_named_actors()
            there = ray.get_actor(name)
            pid = ray.get(there.pid.remote())
            assert servers[0].end(signal.SIGKILL) == []
            written = read_about(folder / run)["mark"]
            events: list[tuple[int, object]] = []
            while not events or events[-1][1].step < before["step"] + 300:  # nobody is there but us
                events += ray.get(there.take.remote(events[-1][0] if events else 0))[0]
            assert written[0] == name and events[0][0] <= written[1] + 1
            assert [n for n, _ in events] == list(range(events[0][0], events[-1][0] + 1))
            servers.append(Server(tmp_path / "second.txt", *flags).wait())
            after = ask(run)
            assert after["status"] == "running" and after["step"] >= events[-1][1].step and after["message"] == ""
            for command, status in (("pause", "paused"), ("resume", "running")):
                ask(run, command, name="command")
                until(lambda: ask(run)["status"] == status, status)
            ask(run, {"learning_rate": 0.0005}, name="set")
            step = ask(run)["step"]
            until(lambda: ask(run)["step"] > step + 50, "further steps")
            ask(run, "stop", name="command")
            until(lambda: ask(run)["status"] == "stopped", "the end")
            until(lambda: read_about(folder / run)["status"] == "stopped", "the disk")
            record = read(folder / run).record
            points = dict(zip(*(column.tolist() for column in record.history["train/mse"])))
            readings = [event for _, event in events if isinstance(event, Progress) and "train/mse" in event.losses]
            assert len(readings) > 3 and all(points[event.step] == event.losses["train/mse"] for event in readings)
            assert record.config["learning_rate"] == 0.0005 and record.checkpoint_step == record.step
            until(lambda: list_named_actors() == [] and ray.available_resources().get("CPU") == 2.0, "nothing left in the cluster")
            assert Started in {type(event) for _, event in events} or events[0][0] > 1
            until(lambda: not alive(pid), "the actor's process to end")
        finally:
            for server in servers:
                if server.process.poll() is None:
                    server.end(signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.thorough
def test_an_actor_that_nobody_comes_back_to_ends_and_leaves_nothing():
    with ray_cluster(nodes=1, cpus=2) as address:
        import ray
        from ray.util import list_named_actors

        from playground.runtimes.ray_cluster import RayRuntime

        runtime = RayRuntime(address, InProcessRuntime(), trainings=("fake_tasks:counting",), alone=6.0)
        run = runtime.start_lasting("somerun", "fake_tasks:counting", {"steps": 10**9, "pause": 0.001})
        events = run.events()
        assert len(list(itertools.islice(events, 10))) == 10 and run.leave() and list(events) == []
        pid = run.pid
        assert list_named_actors() == [run.mark[0]] and alive(pid)
        until(lambda: not alive(pid) and list_named_actors() == [], "the actor to end")
        until(lambda: ray.available_resources().get("CPU") == 2.0, "its processor")
        assert runtime.find("somerun", run.mark, None) is None


def alive(pid: int) -> bool:
    facts = stat(pid)
    return facts is not None and facts[1] != "Z"
