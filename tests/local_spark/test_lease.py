from local_spark.lease import Leases


def new(now=0.0):
    return Leases(now, grace=20, first=30)


def test_a_server_that_nobody_leased_ends_after_half_a_minute():
    leases = new()
    assert not leases.server_should_end(29)
    assert leases.server_should_end(30)


def test_a_goodbye_ends_it_at_once():
    leases = new()
    leases.take("a", "/x", "/p", {})
    assert not leases.server_should_end(1000)
    assert leases.goodbye("a")
    assert leases.server_should_end(1)


def test_a_second_goodbye_is_for_nobody():
    leases = new()
    assert not leases.goodbye("a")


def test_a_lost_lease_has_a_grace():
    leases = new()
    lease = leases.take("a", "/x", "/p", {})
    leases.lose("a", lease.holder, now=5)
    assert leases.expired(24.9) == []
    assert not leases.server_should_end(24.9)
    assert leases.expired(25) == ["a"]
    assert leases.server_should_end(25)


def test_the_same_id_takes_a_lost_lease_over():
    leases = new()
    first = leases.take("a", "/x", "/p", {})
    leases.lose("a", first.holder, now=5)
    leases.take("a", "/y", "/p", {})
    assert leases.expired(1000) == []
    assert leases.get("a").folder == "/y"


def test_the_old_connections_end_does_not_lose_what_a_new_one_took_over():
    leases = new()
    old = leases.take("a", "/x", "/p", {}).holder
    leases.take("a", "/x", "/p", {})
    leases.lose("a", old, now=5)
    assert leases.is_held("a")


def test_one_kernel_of_two_leaving_keeps_the_server():
    leases = new()
    leases.take("a", "/x", "/p", {})
    leases.take("b", "/x", "/p", {})
    leases.goodbye("a")
    assert not leases.server_should_end(1000)


def test_a_lost_lease_is_not_held():
    leases = new()
    lease = leases.take("a", "/x", "/p", {})
    assert leases.is_held("a")
    leases.lose("a", lease.holder, now=5)
    assert not leases.is_held("a") and not leases.is_held(None)
