"""What all routes that read have in common: pages, directions, cursors, and 304."""

from typing import Any

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.testing.recording import watching
from tests.http.serving import (
    LISTS,
    PATH_VALUES,
    READS,
    Api,
    Route,
    World,
    assert_problem,
    items_of,
    new_feature,
    new_project,
    new_user,
    walk,
)

lists = pytest.mark.parametrize("route", LISTS, ids=str)
reads = pytest.mark.parametrize("route", READS, ids=str)


def listed(world: World, route: Route, **parameters: Any) -> list[list[dict[str, Any]]]:
    """Return the pages of a list."""
    path, _, query = world.paths[route.operation].partition("?")
    given = dict(each.split("=") for each in query.split("&") if each)
    return walk(world.api, path, **given, **parameters)


def test_every_route_that_reads_is_tried() -> None:
    documented = {route.operation for route in READS}

    assert len(documented) == len(READS) == 43


@pytest.mark.every_engine
@lists
def test_pages_joined_are_the_list(world: World, route: Route) -> None:
    (whole,) = listed(world, route)

    for limit in (1, 2, 3):
        pages = listed(world, route, limit=limit)
        assert items_of(pages) == whole
        assert all(len(page) == limit for page in pages[: len(whole) // limit])
    assert len(whole) >= world.size


#: Lists below something that the path names.
UNDER = [route for route in LISTS if "{" in route.template and route.operation != "list_agent_runs"]


@pytest.mark.parametrize("route", UNDER, ids=str)
def test_a_list_under_what_is_not_there_is_not_found(module_api: Api, route: Route) -> None:
    answer = module_api.get(route.path)

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:autoforge:problem:item-not-found"
    assert 404 in route.statuses


@pytest.mark.parametrize("route", UNDER, ids=str)
def test_what_a_list_belongs_to_is_read_only_where_its_first_page_is_empty(
    module_api: Api, store: Store, route: Route
) -> None:
    ids = {**PATH_VALUES, "projectId": new_project(module_api)}
    features = f"/projects/{ids['projectId']}/features"
    ids["featureId"] = new_feature(module_api, features)["id"]
    ids["userId"] = new_user(module_api)["id"]
    path = route.template.format(**ids)

    with watching(store.client) as empty:
        answer = module_api.get(path)
    if answer.json()["items"]:  # lists of features, ready ones included, contain one
        assert "GetItem" not in empty.operations
    else:
        assert empty.operations.count("GetItem") == 1
    assert answer.status_code == 200


@lists
def test_a_page_that_has_items_costs_no_request_for_what_it_belongs_to(
    world: World, client: Client, route: Route
) -> None:
    path, _, query = world.paths[route.operation].partition("?")
    given = dict(each.split("=") for each in query.split("&") if each)

    with watching(client) as watched:
        assert world.api.get(path, params={**given, "limit": 1}).json()["items"]

    assert "GetItem" not in watched.operations


@lists
def test_a_list_goes_both_ways(world: World, route: Route) -> None:
    (whole,) = listed(world, route)
    forward = items_of(listed(world, route, order="asc", limit=1))
    backward = items_of(listed(world, route, order="desc", limit=1))

    assert forward == backward[::-1]
    newest_first = {
        *("list_project_events", "list_events", "list_project_actions", "list_tickets"),
        *("list_project_runs", "list_active_runs", "list_feature_runs", "list_agent_runs"),
    }
    assert whole == (backward if route.operation in newest_first else forward)
    assert forward != backward


@lists
def test_a_cursor_is_good_for_its_own_list_only(world: World, route: Route) -> None:
    path = world.paths[route.operation]
    own = f"{path}{'&' if '?' in path else '?'}"
    cursor = world.api.get(f"{own}limit=1").json()["nextCursor"]
    others = [each for each in LISTS if each is not route]

    refused = [
        *(
            world.api.get(world.paths[each.operation], params={"cursor": cursor})
            for each in others
            if "?" not in world.paths[each.operation]
        ),
        world.api.get(f"{own}cursor={cursor}&order=asc"),
        world.api.get(f"{own}cursor={cursor}&order=desc"),
        world.api.get(f"{own}cursor={cursor}x"),
        world.api.get(f"{own}cursor=x{cursor}"),
        *(
            world.api.get(f"{own}cursor={cursor}&{name}={value}")
            for name, value in {
                "to": "2027-01-01",
                "after": "01KGKR2T40R6BAX8A0B1RTCDKN",
                "integration": "jira",
                "until": "2027-01-01",
            }.items()
            if name in route.queries
        ),
    ]

    detail = "the cursor was not issued for this query"
    for response in refused:
        assert_problem(response, 400, detail, kind="invalid-cursor")
    assert world.api.get(f"{own}cursor={cursor}&limit=7").status_code == 200


def test_a_cursor_of_another_project_is_refused(api: Api) -> None:
    mine, other = (f"/projects/{new_project(api)}/events" for _ in range(2))
    for path in (mine, other):
        for _ in range(2):
            api.post(path, json={"eventType": "e", "summary": "s"})

    cursor = api.get(mine, params={"limit": 1}).json()["nextCursor"]

    detail = "the cursor was not issued for this query"
    refused = api.get(other, params={"cursor": cursor})
    assert_problem(refused, 400, detail, kind="invalid-cursor")


def test_a_cursor_that_means_now_stays_good_as_time_goes_on(world: World) -> None:
    cursor = world.api.get("/actions/held?limit=1").json()["nextCursor"]

    assert len(world.api.get("/actions/held", params={"cursor": cursor}).json()["items"]) == 2


@reads
def test_what_has_not_changed_is_not_sent_again(world: World, route: Route) -> None:
    path = world.paths[route.operation]
    first = world.api.get(path)
    tag = first.headers["etag"]
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"

    for given in (tag, f"W/{tag}", f'"another", {tag}', f'"a",W/{tag} , "b"', "*"):
        again = world.api.get(path, headers={"if-none-match": given})

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "no-cache"
        assert "content-type" not in again.headers
    for given in ('"another"', tag.strip('"'), "", f'{tag[:-1]}x"'):
        assert world.api.get(path, headers={"if-none-match": given}).content == first.content


def test_what_has_changed_is_sent_with_another_tag(api: Api) -> None:
    path = f"/projects/{new_project(api)}"
    event = {"eventType": "e", "summary": ""}
    for read, method, written, body in (
        (path, "PATCH", path, {"name": "Another"}),
        (f"{path}/events", "POST", f"{path}/events", event),
        (f"{path}/overview", "POST", f"{path}/escalations", {"title": "Why?"}),
    ):
        before = api.get(read)
        tag = {"if-none-match": before.headers["etag"]}
        assert api.get(read, headers=tag).status_code == 304
        assert api.request(method, written, json=body).is_success

        after = api.get(read, headers=tag)

        assert after.status_code == 200
        assert after.headers["etag"] != before.headers["etag"]
        assert after.json() != before.json()


def test_what_is_not_found_has_no_tag(api: Api) -> None:
    response = api.get("/projects/no-such-project", headers={"if-none-match": "*"})

    assert response.status_code == 404
    assert "etag" not in response.headers
    assert response.content
