// SPDX-License-Identifier: EUPL-1.2
// One end of the bench of graphile-worker:
//   graphile.js make CONNECTION
//   graphile.js send CONNECTION FILE COUNT PARALLEL BATCH
//   graphile.js take CONNECTION FILE COUNT PARALLEL
// send: PARALLEL calls under way, each of BATCH jobs (1: its own addJob, so that each message gets
// its own yes). take: a runner with PARALLEL jobs at a time until COUNT are done.
// Prints one line of JSON: first and last microsecond (CLOCK_MONOTONIC), count.
'use strict'
const fs = require('fs')
const { makeWorkerUtils, run, Logger } = require('graphile-worker')
const { Pool } = require('pg')

const now = () => Number(process.hrtime.bigint() / 1000n)
const [way, connection, file, countText, a, b] = process.argv.slice(2)
const count = Number(countText)
const logger = new Logger(() => () => {})
const pool = new Pool({ connectionString: connection, max: 32 })

async function send (utils, body) {
  const batch = Number(b)
  let sent = 0
  const sender = async () => {
    while (sent < count) {
      const n = Math.min(batch, count - sent)
      sent += n
      if (batch === 1) {
        await utils.addJob('take', { body })
      } else {
        const jobs = Array.from({ length: n }, () => ({ identifier: 'take', payload: { body } }))
        await pool.query('select graphile_worker.add_jobs(array(select json_populate_recordset(' +
          'null::graphile_worker.job_spec, $1::json)))', [JSON.stringify(jobs)])
      }
    }
  }
  await Promise.all(Array.from({ length: Number(a) }, sender))
  return sent
}

function take (body) {
  return new Promise((resolve, reject) => {
    let done = 0
    setTimeout(() => reject(new Error('took too long')), 120000).unref()
    run({
      pgPool: pool,
      concurrency: Number(a),
      pollInterval: 20,
      noHandleSignals: true,
      logger,
      taskList: { take: async (payload) => { if (payload.body !== body) reject(new Error('other bytes')) } }
    }).then((runner) => {
      runner.events.on('job:complete', ({ error }) => {
        if (error) reject(new Error('a job failed'))
        if (++done === count) resolve(done)
      })
    }, reject)
  })
}

async function main () {
  const utils = await makeWorkerUtils({ pgPool: pool, logger })
  await utils.migrate()
  if (way !== 'make') {
    const body = fs.readFileSync(file, 'utf8')
    const began = now()
    const n = way === 'send' ? await send(utils, body) : await take(body)
    console.log(JSON.stringify({ began, ended: now(), count: n }))
  }
  process.exit(0)
}
main().catch((e) => { console.error(e.message); process.exit(1) })
