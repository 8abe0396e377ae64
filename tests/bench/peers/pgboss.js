// SPDX-License-Identifier: EUPL-1.2
// One end of the bench of pg-boss:
//   pgboss.js make HOST DATABASE QUEUE
//   pgboss.js send HOST DATABASE QUEUE FILE COUNT PARALLEL BATCH
//   pgboss.js take HOST DATABASE QUEUE FILE COUNT BATCH
// send: PARALLEL calls under way, each of BATCH jobs (1: its own send, so that each message gets its
// own yes). take: fetch and complete BATCH at a time until COUNT are done.
// Prints one line of JSON: first and last microsecond (CLOCK_MONOTONIC), count.
'use strict'
const fs = require('fs')
const PgBoss = require('pg-boss')

const now = () => Number(process.hrtime.bigint() / 1000n)
const [way, host, database, queue, file, countText, a, b] = process.argv.slice(2)
const count = Number(countText)
const end = Date.now() + 120000

async function send (boss, body) {
  const parallel = Number(a)
  const batch = Number(b)
  let sent = 0
  const sender = async () => {
    while (sent < count) {
      const n = Math.min(batch, count - sent)
      sent += n
      if (batch === 1) await boss.send(queue, { body })
      else await boss.insert(Array.from({ length: n }, () => ({ name: queue, data: { body } })))
    }
  }
  await Promise.all(Array.from({ length: parallel }, sender))
  return sent
}

async function take (boss, body) {
  const batchSize = Number(a)
  let done = 0
  const taker = async () => {
    while (done < count) {
      if (Date.now() > end) throw new Error('took too long')
      const jobs = await boss.fetch(queue, { batchSize })
      if (!jobs || jobs.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        continue
      }
      if (jobs.some((j) => j.data.body !== body)) throw new Error('other bytes')
      await boss.complete(queue, jobs.map((j) => j.id))
      done += jobs.length
    }
  }
  await Promise.all([taker(), taker()])
  return done
}

async function main () {
  const boss = new PgBoss({ host, port: 5432, user: 'bench', database, max: 32, supervise: way === 'make', schedule: false })
  boss.on('error', (e) => { console.error(e.message); process.exit(1) })
  await boss.start()
  if (way === 'make') {
    await boss.createQueue(queue)
  } else {
    const body = fs.readFileSync(file, 'utf8')
    const began = now()
    const n = way === 'send' ? await send(boss, body) : await take(boss, body)
    console.log(JSON.stringify({ began, ended: now(), count: n }))
  }
  await boss.stop({ graceful: false, wait: true })
  process.exit(0)
}
main().catch((e) => { console.error(e.message); process.exit(1) })
