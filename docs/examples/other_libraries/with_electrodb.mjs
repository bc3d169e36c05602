// A table of accounts and orders with ElectroDB, in the keys that it writes by itself.
//
//     node with_electrodb.mjs ENDPOINT write|read
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Entity, Service } from 'electrodb'

const [endpoint, command] = process.argv.slice(2)
const client = new DynamoDBClient({ endpoint })

const Account = new Entity({
  model: { entity: 'account', version: '1', service: 'shop' },
  attributes: {
    customer: { type: 'string', required: true },
    orders: { type: 'number', required: true, default: 0 }
  },
  indexes: {
    primary: {
      pk: { field: 'pk', composite: ['customer'] },
      sk: { field: 'sk', composite: [] }
    }
  }
})

const Order = new Entity({
  model: { entity: 'order', version: '1', service: 'shop' },
  attributes: {
    customer: { type: 'string', required: true },
    number: { type: 'number', required: true, padding: { length: 5, char: '0' } },
    status: { type: ['open', 'paid'], required: true, default: 'open' },
    total: { type: 'number', required: true },
    placedAt: { type: 'string', required: true }
  },
  indexes: {
    primary: {
      pk: { field: 'pk', composite: ['customer'] },
      sk: { field: 'sk', composite: ['number'] }
    },
    inStatus: {
      index: 'gsi1',
      pk: { field: 'gsi1pk', composite: ['status'] },
      sk: { field: 'gsi1sk', composite: ['placedAt'], casing: 'none' }
    }
  }
})

const shop = new Service({ account: Account, order: Order }, { client, table: 'ShopOfElectroDB' })

async function place(placed) {
  const { canceled } = await shop.transaction
    .write(({ account, order }) => [
      order.create(placed).commit(),
      account.patch({ customer: placed.customer }).add({ orders: 1 }).commit()
    ])
    .go()
  if (canceled) console.log('there already:', placed.number)
}

async function pay(customer, number) {
  try {
    await shop.entities.order
      .patch({ customer, number })
      .set({ status: 'paid' })
      .where(({ status }, { eq }) => eq(status, 'open'))
      .go()
  } catch (error) {
    if (error.cause?.name !== 'ConditionalCheckFailedException') throw error
    console.log('not open:', number)
  }
}

async function write() {
  await shop.entities.account.create({ customer: 'ann' }).go()
  for (const number of [1, 2, 3]) {
    const order = { customer: 'ann', number, total: 9.5, placedAt: `2026-02-0${number}T12:00:00.000Z` }
    await place(order)
    await place(order)
  }
  await pay('ann', 2)
  await pay('ann', 2)
}

async function read() {
  const { order, account } = shop.entities
  const february = await order.query
    .inStatus({ status: 'open' })
    .between({ placedAt: '2026-02-01T00:00:00.000Z' }, { placedAt: '2026-02-02T23:59:59.999Z' })
    .go({ pages: 'all' })
  console.log('open:', ...february.data.map(({ number }) => number))
  const shown = ({ data }) => data.map(({ number, status }) => `${number}-${status}`)
  const first = await order.query.primary({ customer: 'ann' }).go({ limit: 2 })
  console.log('page:', ...shown(first))
  const second = await order.query.primary({ customer: 'ann' }).go({ limit: 2, cursor: first.cursor })
  console.log('page:', ...shown(second))
  const { data } = await account.get({ customer: 'ann' }).go()
  console.log('orders:', data.orders)
}

await { write, read }[command]()
