/* SPDX-License-Identifier: EUPL-1.2 */
/* The floor under the store: the life cycle of the same rows in the same tables (queue/sql) by raw
 * libpq, and nothing else: no XML, no TLS, no sums, nobody who waits for an answer.
 *     corv-floor-pg CONNINFO WAY MESSAGES BATCH CONNECTIONS BYTES
 * WAY cycle: insert, lease (reading the payload back) and settle, BATCH at a time; leased: born
 * leased, so that nothing is read back; one: the insert alone, a message at a time, as one
 * statement that is its own transaction. The schema stands in CONNINFO's database already. Each
 * connection is a process with an audit chain and a party of its own. Prints one line of JSON. The
 * statements are written here and not taken from the queue, so that a poor one there shows.
 * Anything unexpected ends the program. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "queue/pg_array.h"

#define COLUMNS 14
#define CEILING (256u << 20)

enum { BEGIN, COMMIT, DEDUP, MESSAGE, PAYLOAD, DELIVERY, AUDIT, HEAD, LEASE, SETTLE, ONE, COUNT };

static const char *const sql[COUNT] = {
    [BEGIN] = "BEGIN",
    [COMMIT] = "COMMIT",
    [DEDUP] = "INSERT INTO dedup (key, content, message_id, at) SELECT k, d, i, $4::timestamptz"
              " FROM unnest($1::bytea[], $2::bytea[], $3::uuid[]) AS t (k, d, i)"
              " ON CONFLICT DO NOTHING",
    [MESSAGE] =
        "INSERT INTO message (id, received_at, kind, sender, zender_org, zender_app, ontvanger_org,"
        " ontvanger_app, referentie, zaak_key, decision, size, digest, content_type)"
        " SELECT i, $4::timestamptz, 'vtoDi01', 'lelystad', '00000099000000000010', 'JZA (TEST)',"
        " '00000002003214436001', 'KBPS', r, repeat('z', 64), 'vto-naar-raad: role:raad',"
        " $5::bigint, d, 'application/xml'"
        " FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS t (i, r, d)",
    [PAYLOAD] = "INSERT INTO payload (id, sealed) SELECT * FROM unnest($1::uuid[], $2::bytea[])",
    [DELIVERY] =
        "INSERT INTO delivery (message_id, no, route, party, priority, state, due_at, owner,"
        " attempts, created_at) SELECT i, 1, 'vto-naar-raad', $3::text, 5, 0, $2::timestamptz,"
        " $4::text, $5::integer, $2::timestamptz FROM unnest($1::uuid[]) AS i",
    [AUDIT] = "INSERT INTO audit (chain, seq, at, event, message_id, delivery, party, actor, code,"
              " detail, salt, hash) SELECT $1::integer, $2::bigint + n, $3::timestamptz, $4::text,"
              " i, 1, $5::text, 'corvd', 'ok', 'vto-naar-raad', h, h || h"
              " FROM unnest($6::uuid[], $7::bytea[]) WITH ORDINALITY AS t (i, h, n)",
    [HEAD] = "UPDATE audit_head SET seq = $2::bigint, hash = $3::bytea WHERE chain = $1::integer",
    [LEASE] =
        "WITH pick AS MATERIALIZED (SELECT ctid AS place FROM delivery WHERE party = $1::text"
        "  AND state = 0 AND priority = 5 AND due_at <= $2::timestamptz ORDER BY due_at"
        "  LIMIT $3::integer FOR UPDATE SKIP LOCKED),"
        " taken AS (UPDATE delivery d SET owner = $1::text, due_at = $2::timestamptz + '2 min',"
        "  attempts = d.attempts + 1 FROM pick WHERE d.ctid = pick.place RETURNING d.message_id)"
        " SELECT t.message_id, y.sealed FROM taken t"
        " CROSS JOIN LATERAL (SELECT sealed FROM payload WHERE id = t.message_id LIMIT 1) y",
    [SETTLE] =
        "WITH pick AS MATERIALIZED (SELECT k.place FROM unnest($1::uuid[]) AS i CROSS JOIN LATERAL"
        "  (SELECT ctid AS place FROM delivery WHERE message_id = i AND no = 1 AND state = 0"
        "   AND owner = $3::text LIMIT 1) k),"
        " gone AS (DELETE FROM delivery d USING pick WHERE d.ctid = pick.place RETURNING d.*),"
        " done AS (INSERT INTO delivery_done (message_id, no, route, party, priority, state,"
        "  attempts, created_at, done_at, code, status, receipt) SELECT message_id, no, route,"
        "  party, priority, 3, attempts, created_at, $2::timestamptz, 'ok', 200, $4::bytea FROM "
        "gone)"
        " SELECT count(*) FROM gone",
    [ONE] =
        "WITH d AS (INSERT INTO dedup (key, content, message_id, at) VALUES ($1::bytea, $2::bytea,"
        "  $3::uuid, $4::timestamptz) ON CONFLICT DO NOTHING RETURNING message_id AS id),"
        " m AS (INSERT INTO message (id, received_at, kind, sender, zender_org, zender_app,"
        "  ontvanger_org, ontvanger_app, referentie, zaak_key, decision, size, digest, "
        "content_type)"
        "  SELECT id, $4, 'vtoDi01', 'lelystad', '00000099000000000010', 'JZA (TEST)',"
        "  '00000002003214436001', 'KBPS', $5::text, repeat('z', 64), 'vto-naar-raad: role:raad',"
        "  $6::bigint, $2, 'application/xml' FROM d),"
        " p AS (INSERT INTO payload (id, sealed) SELECT id, $7::bytea FROM d),"
        " v AS (INSERT INTO delivery (message_id, no, route, party, priority, state, due_at, owner,"
        "  attempts, created_at) SELECT id, 1, 'vto-naar-raad', $8::text, 5, 0, $4, $8, 1, $4"
        "  FROM d),"
        " a AS (INSERT INTO audit (chain, seq, at, event, message_id, delivery, party, actor, code,"
        "  detail, salt, hash) SELECT $9::integer, $10::bigint, $4, 'stored', id, 1, $8, 'corvd',"
        "  'ok', 'vto-naar-raad', substr($1, 1, 16), $1 FROM d)"
        " UPDATE audit_head SET seq = $10, hash = $1 WHERE chain = $9",
};

static struct {
    PGconn *c;
    const char *way;
    char *party;   /* also the owner of its leases */
    char *payload; /* owned */
    unsigned batch;
    size_t bytes;
    int32_t chain;
    int64_t seq;
    struct corv_id *id; /* of the batch */
    struct corv_pg_array key, digest, uuid, text, sealed, salt;
    int64_t *took; /* shared with the parent: microseconds of each (one) */
} run;

__attribute__((noreturn)) static void die(const char *what)
{
    (void)fprintf(stderr, "floor: %s: %s\n", what, run.c ? PQerrorMessage(run.c) : "");
    exit(2);
}

static void send(int statement, struct corv_pg_params *p)
{
    static struct corv_pg_params none;
    char name[8];

    p = p ? p : &none;
    (void)snprintf(name, sizeof name, "s%d", statement);
    if (p->rc != CORV_OK ||
        PQsendQueryPrepared(run.c, name, p->count, p->value, p->length, p->format, 1) != 1)
        die(sql[statement]);
}

/* The results of all that was sent; the row count of the last one that had rows. */
static int64_t receive(bool count)
{
    int64_t rows = 0;

    if (PQpipelineSync(run.c) != 1)
        die("sync");
    for (;;) {
        PGresult *r = PQgetResult(run.c);
        ExecStatusType st = r ? PQresultStatus(r) : PGRES_EMPTY_QUERY;

        if (st == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            return rows;
        }
        if (r && st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK)
            die("statement");
        if (st == PGRES_TUPLES_OK)
            rows = count ? corv_pg_int(r, 0, 0) : PQntuples(r);
        PQclear(r);
    }
}

static void dice(void *p, size_t n)
{
    if (getrandom(p, n, 0) != (ssize_t)n)
        die("getrandom");
}

/* Fresh columns for the next batch. */
static void make(unsigned n)
{
    struct corv_pg_array *all[] = {
        &run.key, &run.digest, &run.uuid, &run.text, &run.sealed, &run.salt};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        corv_pg_array_reset(all[i], CEILING);
    for (unsigned i = 0; i < n; i++) {
        struct corv_digest d;
        char reference[64];

        if (corv_id_new(&run.id[i]) != CORV_OK)
            die("id");
        dice(&d, sizeof d);
        (void)snprintf(reference, sizeof reference, "FLOOR%02x%02x%024u", d.b[0], d.b[1], i);
        corv_pg_array_digest(&run.key, &d);
        corv_pg_array_digest(&run.digest, &d);
        corv_pg_array_id(&run.uuid, &run.id[i]);
        corv_pg_array_text(&run.text, reference);
        dice(run.payload, 64); /* no two alike */
        corv_pg_array_bytes(&run.sealed, run.payload, run.bytes);
        corv_pg_array_bytes(&run.salt, d.b, 16);
    }
}

static void audit(const char *event, int64_t now, unsigned n)
{
    struct corv_pg_params lines = {0};
    struct corv_pg_params head = {0};

    corv_pg_add_int4(&lines, run.chain);
    corv_pg_add_int8(&lines, run.seq);
    corv_pg_add_time(&lines, now);
    corv_pg_add_text(&lines, event);
    corv_pg_add_text(&lines, run.party);
    corv_pg_add_array(&lines, &run.uuid);
    corv_pg_add_array(&lines, &run.salt);
    send(AUDIT, &lines);
    run.seq += n;
    corv_pg_add_int4(&head, run.chain);
    corv_pg_add_int8(&head, run.seq);
    corv_pg_add_view(&head, corv_view_of(run.payload, 32));
    send(HEAD, &head);
}

static void put_message(int64_t now)
{
    struct corv_pg_params p = {0};

    corv_pg_add_array(&p, &run.uuid);
    corv_pg_add_array(&p, &run.text);
    corv_pg_add_array(&p, &run.digest);
    corv_pg_add_time(&p, now);
    corv_pg_add_int8(&p, (int64_t)run.bytes);
    send(MESSAGE, &p);
    p = (struct corv_pg_params){0};
    corv_pg_add_array(&p, &run.uuid);
    corv_pg_add_array(&p, &run.sealed);
    send(PAYLOAD, &p);
}

static void put(unsigned n)
{
    int64_t now = corv_clock_us();
    bool leased = strcmp(run.way, "leased") == 0;
    struct corv_pg_params p = {0};

    make(n);
    send(BEGIN, NULL);
    corv_pg_add_array(&p, &run.key);
    corv_pg_add_array(&p, &run.digest);
    corv_pg_add_array(&p, &run.uuid);
    corv_pg_add_time(&p, now);
    send(DEDUP, &p);
    put_message(now);
    p = (struct corv_pg_params){0};
    corv_pg_add_array(&p, &run.uuid);
    corv_pg_add_time(&p, now);
    corv_pg_add_text(&p, run.party);
    corv_pg_add_text(&p, leased ? run.party : NULL);
    corv_pg_add_int4(&p, leased);
    send(DELIVERY, &p);
    audit("message.stored", now, n);
    send(COMMIT, NULL);
    (void)receive(false);
}

static void lease(unsigned n)
{
    struct corv_pg_params p = {0};

    corv_pg_add_text(&p, run.party);
    corv_pg_add_time(&p, corv_clock_us());
    corv_pg_add_int4(&p, (int32_t)n);
    send(LEASE, &p);
    if (receive(false) != n)
        die("not all were leased");
}

static void settle(unsigned n)
{
    int64_t now = corv_clock_us();
    struct corv_pg_params p = {0};

    send(BEGIN, NULL);
    corv_pg_add_array(&p, &run.uuid);
    corv_pg_add_time(&p, now);
    corv_pg_add_text(&p, run.party);
    corv_pg_add_view(&p, corv_view_str("HTTP/1.1 200 OK"));
    send(SETTLE, &p);
    if (receive(true) != n)
        die("not all were settled");
    audit("delivery.confirmed", now, n);
    send(COMMIT, NULL);
    (void)receive(false);
}

static void put_one(void)
{
    struct corv_pg_params p = {0};
    struct corv_digest d;
    struct corv_id id;
    char reference[64];

    if (corv_id_new(&id) != CORV_OK)
        die("id");
    dice(&d, sizeof d);
    dice(run.payload, 64);
    (void)snprintf(reference, sizeof reference, "FLOOR%027lld", (long long)run.seq);
    corv_pg_add_view(&p, corv_view_of(d.b, sizeof d.b));
    corv_pg_add_view(&p, corv_view_of(d.b, sizeof d.b));
    corv_pg_add_view(&p, corv_view_of(id.b, sizeof id.b));
    corv_pg_add_time(&p, corv_clock_us());
    corv_pg_add_text(&p, reference);
    corv_pg_add_int8(&p, (int64_t)run.bytes);
    corv_pg_add_view(&p, corv_view_of(run.payload, run.bytes));
    corv_pg_add_text(&p, run.party);
    corv_pg_add_int4(&p, run.chain);
    corv_pg_add_int8(&p, ++run.seq);
    send(ONE, &p);
    (void)receive(false);
}

static int32_t new_chain(void)
{
    const char *name[] = {run.party};
    PGresult *r = PQexecParams(run.c,
        "WITH c AS (INSERT INTO audit_chain (name) VALUES ($1) RETURNING chain)"
        " INSERT INTO audit_head (chain, seq, hash) SELECT chain, 0, '' FROM c RETURNING chain",
        1, NULL, name, NULL, NULL, 1);

    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        die("chain");

    int32_t chain = (int32_t)corv_pg_int(r, 0, 0);

    PQclear(r);
    return chain;
}

static void ready(const char *conninfo, unsigned number)
{
    run.party = calloc(1, 64);
    run.payload = malloc(run.bytes);
    run.id = calloc(run.batch, sizeof *run.id);
    if (!run.party || !run.payload || !run.id)
        die("memory");
    (void)snprintf(run.party, 64, "floor-%u-%lld", number, (long long)corv_clock_us());
    dice(run.payload, run.bytes > 256 ? 256 : run.bytes);
    corv_pg_array_init(&run.key, CORV_PG_BYTEA, CEILING);
    corv_pg_array_init(&run.digest, CORV_PG_BYTEA, CEILING);
    corv_pg_array_init(&run.uuid, CORV_PG_UUID, CEILING);
    corv_pg_array_init(&run.text, CORV_PG_TEXT, CEILING);
    corv_pg_array_init(&run.sealed, CORV_PG_BYTEA, CEILING);
    corv_pg_array_init(&run.salt, CORV_PG_BYTEA, CEILING);
    run.c = PQconnectdb(conninfo);
    if (PQstatus(run.c) != CONNECTION_OK)
        die("connect");
    PQclear(PQexec(run.c, "SET search_path = corv"));
    run.chain = new_chain();
    for (int i = 0; i < COUNT; i++) {
        char name[8];

        (void)snprintf(name, sizeof name, "s%d", i);
        PQclear(PQprepare(run.c, name, sql[i], 0, NULL));
    }
    if (PQenterPipelineMode(run.c) != 1)
        die("pipeline");
}

/* One connection's share, in a process of its own. Waits for the start: all begin together. */
static void work(unsigned messages, unsigned at, int start)
{
    char go;

    (void)!read(start, &go, 1);
    for (unsigned done = 0; done < messages;) {
        unsigned n = messages - done < run.batch ? messages - done : run.batch;
        int64_t began = corv_clock_mono_us();

        if (strcmp(run.way, "one") == 0) {
            n = 1;
            put_one();
        } else {
            put(n);
            if (strcmp(run.way, "cycle") == 0)
                lease(n);
            settle(n);
        }
        run.took[at + done] = corv_clock_mono_us() - began;
        done += n;
    }
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static void report(unsigned messages, double seconds)
{
    struct rusage u;
    double sum = 0;
    unsigned n = 0;

    for (unsigned i = 0; i < messages; i++)
        if (run.took[i] > 0) {
            run.took[n++] = run.took[i];
            sum += (double)run.took[n - 1];
        }
    qsort(run.took, n, sizeof *run.took, by_size);
    (void)getrusage(RUSAGE_CHILDREN, &u);
    printf("{\"messages\":%u,\"seconds\":%.4f,\"per_s\":%.1f,\"mean_us\":%.0f,\"p50_us\":%lld,"
           "\"p99_us\":%lld,\"own_us\":%.1f}\n",
        messages, seconds, messages / seconds, sum / (n ? n : 1), (long long)run.took[n / 2],
        (long long)run.took[n * 99 / 100],
        ((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
            (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec)) /
            messages);
}

int main(int argc, char **argv)
{
    unsigned messages, connections;
    int start[2];
    int up[2];
    bool good = true;

    if (argc != 7) {
        (void)fprintf(stderr, "usage: corv-floor-pg CONNINFO cycle|leased|one MESSAGES BATCH"
                              " CONNECTIONS BYTES\n");
        return 2;
    }
    run.way = argv[2];
    messages = (unsigned)strtoul(argv[3], NULL, 10);
    run.batch = (unsigned)strtoul(argv[4], NULL, 10);
    connections = (unsigned)strtoul(argv[5], NULL, 10);
    run.bytes = strtoul(argv[6], NULL, 10);
    if (!messages || !run.batch || !connections || messages < connections || run.bytes < 64)
        die("an argument makes no sense");
    run.took = mmap(NULL, (messages + 1) * sizeof *run.took, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run.took == MAP_FAILED || pipe(start) != 0 || pipe(up) != 0)
        die("memory or pipe");
    messages -= messages % connections;
    for (unsigned i = 0; i < connections; i++) {
        if (fork() != 0)
            continue;
        close(start[1]);
        ready(argv[1], i);
        (void)!write(up[1], "u", 1);
        work(messages / connections, messages / connections * i, start[0]);
        PQfinish(run.c);
        exit(0);
    }
    close(up[1]);
    for (unsigned i = 0; i < connections; i++) {
        char c;

        good = read(up[0], &c, 1) == 1 && good;
    }

    int64_t began = corv_clock_mono_us();

    close(start[1]); /* go */
    for (unsigned i = 0; i < connections; i++) {
        int status = 1;

        good = wait(&status) > 0 && status == 0 && good;
    }
    if (good)
        report(messages, (double)(corv_clock_mono_us() - began) / 1e6);
    return good ? 0 : 1;
}
