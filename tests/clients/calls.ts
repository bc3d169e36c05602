// Twenty calls with the TypeScript client that is generated of the OpenAPI document.
//
// Every call leaves out whatever the client lets it leave out. Printed is what was answered, a line
// of JSON for each call. `calls.py` makes the same calls.

import createClient from "openapi-fetch";

import type { paths } from "./document.js";

interface Answered {
  data?: unknown;
  error?: unknown;
  response: Response;
}

function show({ data, error, response }: Answered): void {
  if (data === undefined) {
    throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  }
  console.log(JSON.stringify({ status: response.status, answer: data }));
}

const to = createClient<paths>({ baseUrl: process.argv[2] });
const portal = { path: { projectId: "portal" } };
const coder = { path: { projectId: "portal", agentId: "coder" } };
const signIn = { path: { projectId: "portal", featureId: "sign-in" } };
const first = { path: { projectId: "portal", runId: "first" } };

show(await to.POST("/projects", { body: { name: "Portal", id: "portal", maxConcurrency: 50 } }));
show(
  await to.PATCH("/projects/{projectId}", {
    params: portal,
    body: { description: "Where customers sign in" },
  }),
);
show(
  await to.PUT("/projects/{projectId}/artefacts/{type}", {
    params: { path: { projectId: "portal", type: "raid_log" } },
    body: { content: { risks: ["late"] } },
  }),
);
show(
  await to.POST("/projects/{projectId}/events", {
    params: portal,
    body: { eventType: "heartbeat", summary: "Checked" },
  }),
);
show(
  await to.POST("/projects/{projectId}/escalations", {
    params: portal,
    body: { title: "Defer it?", id: "defer" },
  }),
);
show(
  await to.POST("/projects/{projectId}/escalations/{escalationId}/decide", {
    params: { path: { projectId: "portal", escalationId: "defer" } },
    body: { userDecision: "Yes" },
  }),
);
show(
  await to.POST("/projects/{projectId}/actions", {
    params: portal,
    body: { actionType: "send", description: "Send it" },
  }),
);
show(
  await to.PUT("/projects/{projectId}/checkpoints/{integration}/{key}", {
    params: { path: { projectId: "portal", integration: "jira", key: "sync" } },
    body: { checkpointValue: "7" },
  }),
);
show(
  await to.PUT("/agent/config/{key}", {
    params: { path: { key: "model" } },
    body: { value: "small" },
  }),
);
show(
  await to.PUT("/users", {
    body: { auth0Id: "auth0|ann", email: "ann@example.org", name: "Ann" },
  }),
);
show(
  await to.POST("/projects/{projectId}/agents", {
    params: portal,
    body: { name: "Coder", id: "coder" },
  }),
);
show(
  await to.PATCH("/projects/{projectId}/agents/{agentId}", {
    params: coder,
    body: { status: "running" },
  }),
);
show(
  await to.POST("/projects/{projectId}/features", {
    params: portal,
    body: [
      { name: "Sign in", id: "sign-in", priority: 5 },
      { name: "Sign out", id: "sign-out", dependencies: ["sign-in"] },
    ],
  }),
);
show(
  await to.PATCH("/projects/{projectId}/features/{featureId}", {
    params: signIn,
    body: { category: "security" },
  }),
);
const claimed = await to.POST("/projects/{projectId}/features/claim", {
  params: portal,
  body: { agentId: "coder" },
});
show(claimed);
show(
  await to.POST("/projects/{projectId}/runs", {
    params: portal,
    body: { agentId: "coder", featureId: "sign-in", id: "first" },
  }),
);
show(
  await to.PATCH("/projects/{projectId}/runs/{runId}", {
    params: first,
    body: { appendOutput: "Tests pass. " },
  }),
);
show(
  await to.POST("/projects/{projectId}/runs/{runId}/finish", {
    params: first,
    body: { status: "completed" },
  }),
);
show(
  await to.POST("/projects/{projectId}/features/{featureId}/pass", {
    params: signIn,
    body: { version: claimed.data?.claimVersion },
  }),
);
show(await to.GET("/projects/{projectId}/features", { params: portal }));
