// Evaluates requests as IAM does. Of each line {accountId, policies: {name: document}, requests:
// [{policy, action, resource, context, resource_policy}]} it writes a line of answers, in order,
// {result, ignored}: whether a request is allowed, and context keys that its action does not know.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }

async function evaluate(accountId, policies, { policy, action, resource, context, resource_policy }) {
  const simulation = {
    request: {
      principal: `arn:aws:iam::${accountId}:role/tried`,
      action,
      resource: { resource, accountId },
      contextVariables: context
    },
    identityPolicies: [{ name: policy, policy: policies[policy] }],
    serviceControlPolicies: [
      { orgIdentifier: 'r-none', policies: [{ name: 'everything', policy: everything }] }
    ],
    resourceControlPolicies: [],
    resourcePolicy: resource_policy ?? undefined
  }
  const answer = await runSimulation(simulation, {})
  if (answer.resultType !== 'single') throw new Error(JSON.stringify(answer))
  return { result: answer.overallResult, ignored: answer.result.ignoredContextKeys ?? [] }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { accountId, policies, requests } = JSON.parse(line)
  const answers = []
  for (const request of requests) answers.push(await evaluate(accountId, policies, request))
  process.stdout.write(`${JSON.stringify(answers)}\n`)
}
