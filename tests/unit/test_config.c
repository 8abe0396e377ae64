/* SPDX-License-Identifier: EUPL-1.2 */
/* The configuration as a whole: what a good file becomes, and that everything wrong in a bad one is
 * named at once, each with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/test_config_support.h"

static struct support_folder folder;

static int set_up(void **state)
{
    (void)state;
    support_open(&folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_close(&folder);
    return 0;
}

/* ---- a good file ---- */

static const char good[] = "node: corvd-7\n" SUPPORT_LISTEN "  port: 0\n"
                           "limits: {body_bytes: 1 MiB, total_body_bytes: 8388608}\n"
                           "delivery:\n"
                           "  certificate: tls/corvd-client.pem\n"
                           "  key: tls/corvd-client.key\n"
                           "  ca: tls/partners-ca.pem\n"
                           "admin: {socket: beheer.sock}\n"
                           "adapters:\n"
                           "  - {name: https, library: 'builtin:https'}\n"
                           "  - name: map\n"
                           "    library: /opt/map.so\n"
                           "    settings: [{key: folder, value: /srv}, {key: n, value: 3}]\n"
                           "parties:\n"
                           "  - id: raad\n"
                           "    name: Raad\n"
                           "    oin: '00000002003214436001'\n"
                           "    roles: [{role: raad}]\n"
                           "    adapter: https\n"
                           "    address: https://raad.example/\n"
                           "  - id: gemeente-a\n"
                           "    name: Gemeente A\n"
                           "    oin: '00000099999000101000'\n"
                           "    roles:\n"
                           "      - {role: gemeente, valid_from: 2026-01-01}\n"
                           "    gemeentecode: '0995'\n"
                           "    woonplaatsen: [Aadorp, Zandwijk]\n"
                           "    adapter: https\n"
                           "    address: https://a.example/\n"
                           "    max_in_flight: 3\n"
                           "    valid_from: 2025-12-31\n"
                           "    valid_until: 2030-02-28\n"
                           "  - id: team\n"
                           "    name: Team\n"
                           "    oin: '00000099999000401000'\n"
                           "    roles: [{role: gemandateerde}]\n"
                           "    acts_for: [gemeente-a]\n"
                           "mandates:\n"
                           "  - party: team\n"
                           "    gemeente: gemeente-a\n"
                           "    kinds: [vtoDi01]\n"
                           "    ground: besluit 12\n"
                           "    valid_until: 2029-12-31\n"
                           "routes:\n"
                           "  - {name: vto, kind: vtoDi01, to: 'role:raad'}\n"
                           "  - name: notice\n"
                           "    kind: vtoDi01\n"
                           "    from: [gemandateerde, gemeente]\n"
                           "    to: gemeente-van-kind\n"
                           "    as: kennisgeving\n"
                           "    valid_from: 2026-05-01\n"
                           "  - {name: not, kind: notificatieDi01, from: [raad], to: ontvanger}\n"
                           "  - {name: vast, kind: Fo01Bericht, to: 'party:raad'}\n";

static void test_good_scalars(void **state)
{
    struct corv_config *c = support_load(&folder, good);
    char expected[160];

    (void)state;
    assert_string_equal(c->path, folder.file);
    assert_string_equal(c->node, "corvd-7");
    assert_string_equal(c->state_dir, "/var/lib/corvd");
    assert_string_equal(c->database, "embedded");
    assert_string_equal(c->log_level, "info");
    assert_true(c->workers >= 1);
    assert_false(c->production);
    assert_string_equal(c->listen.address, "0.0.0.0");
    assert_int_equal(c->listen.port, 0);
    support_name(&folder, "corvd.key", expected);
    assert_string_equal(c->listen.key, expected); /* relative to the folder of the file */
    assert_null(c->listen.client_crl);
    (void)snprintf(expected, sizeof expected, "%s/beheer.sock", folder.path);
    assert_string_equal(c->admin.socket, expected);
    assert_int_equal(c->limits.body_bytes, 1048576);
    assert_int_equal(c->limits.total_body_bytes, 8388608);
    assert_int_equal(c->limits.connections, 2000);
    assert_int_equal(c->delivery.lease_seconds, 120);
    assert_int_equal(c->delivery.give_up_seconds, 183600);
    assert_int_equal(strlen(c->digest), 64);
    corv_config_free(c);
}

static void test_good_lists(void **state)
{
    struct corv_config *c = support_load(&folder, good);

    (void)state;
    assert_int_equal(c->adapters_count, 2);
    assert_string_equal(c->adapters[1].settings[1].key, "n");
    assert_string_equal(c->adapters[1].settings[1].value, "3");
    assert_int_equal(c->adapters[1].settings_count, 2);

    assert_int_equal(c->parties_count, 3);
    const struct corv_party *p = &c->parties[1];

    assert_string_equal(p->id, "gemeente-a");
    assert_string_equal(p->gemeentecode, "0995");
    assert_int_equal(p->roles_count, 1);
    assert_int_equal(p->roles[0].role, CORV_ROLE_GEMEENTE);
    assert_int_equal(p->roles[0].period.from, 20260101);
    assert_int_equal(p->roles[0].period.until, 0);
    assert_int_equal(p->woonplaatsen_count, 2);
    assert_string_equal(p->woonplaatsen[1], "Zandwijk");
    assert_int_equal(p->max_in_flight, 3);
    assert_int_equal(p->period.from, 20251231);
    assert_int_equal(p->period.until, 20300228);
    assert_int_equal(p->line, 25);
    assert_null(c->parties[2].adapter);
    assert_int_equal(c->parties[2].acts_for_count, 1);

    assert_int_equal(c->mandates_count, 1);
    assert_string_equal(c->mandates[0].ground, "besluit 12");
    assert_string_equal(c->mandates[0].kinds[0], "vtoDi01");
    assert_int_equal(c->mandates[0].period.until, 20291231);

    assert_int_equal(c->routes_count, 4);
    assert_int_equal(c->routes[0].target, CORV_TO_ROLE);
    assert_int_equal(c->routes[0].target_role, CORV_ROLE_RAAD);
    assert_int_equal(c->routes[0].form, CORV_AS_BERICHT);
    assert_int_equal(c->routes[1].target, CORV_TO_GEMEENTE_KIND);
    assert_int_equal(c->routes[1].form, CORV_AS_KENNISGEVING);
    assert_int_equal(c->routes[1].from_count, 2);
    assert_int_equal(c->routes[1].from[0], CORV_ROLE_GEMANDATEERDE);
    assert_int_equal(c->routes[2].target, CORV_TO_ONTVANGER);
    assert_string_equal(c->routes[3].target_party, "raad");
    corv_config_free(c);
}

static void test_references(void **state)
{
    struct corv_config *c = support_load(&folder, good);

    (void)state;
    assert_ptr_equal(corv_config_hold(c), c);
    corv_config_free(c);
    assert_string_equal(c->node, "corvd-7"); /* still there; ASan would tell */
    corv_config_free(c);
    corv_config_free(NULL);
}

static void test_environment_does_not_matter(void **state)
{
    struct corv_config *a = NULL;
    struct corv_config *b = NULL;

    (void)state;
    assert_int_equal(setenv("LC_ALL", "tr_TR.UTF-8", 1), 0);
    a = support_load(&folder, good);
    assert_int_equal(unsetenv("LC_ALL"), 0);
    b = support_load(&folder, good);
    assert_string_equal(a->digest, b->digest);
    assert_int_equal(a->limits.body_bytes, b->limits.body_bytes);
    corv_config_free(a);
    corv_config_free(b);
}

/* ---- what is wrong, one at a time ---- */

struct wrong {
    const char *why;
    const char *find;    /* in the good file */
    const char *replace; /* by this */
    const char *at;      /* the finding is on the line where this stands */
    const char *code;
    bool warning; /* else an error */
};

#define TEN "tien-klein"

static const struct wrong wrongs[] = {
    {"an unknown word on top", "node: corvd-7", "nood: corvd-7", "nood", "config.unknown-key", 0},
    {"an unknown word in a section", "  port: 0", "  poort: 0", "poort", "config.unknown-key", 0},
    {"an unknown word in a party", "adapter: https\n    address: https://r",
        "adaptor: https\n    address: https://r", "adaptor", "config.unknown-key", 0},
    {"a section that is a list", "limits: {body_bytes: 1 MiB, total_body_bytes: 8388608}",
        "limits: [1]", "limits", "config.shape", 0},
    {"a list that is a word", "[Aadorp, Zandwijk]", "Aadorp", "woonplaatsen", "config.shape", 0},
    {"a word that is a list", "name: Gemeente A", "name: [Gemeente A]", "name: [G", "config.shape",
        0},
    {"a key twice", "    gemeentecode: '0995'",
        "    gemeentecode: '0995'\n    gemeentecode: '0996'", "'0996'", "config.double-key", 0},
    {"no YAML", "node: corvd-7", "node: [corvd-7", "listen:", "config.yaml", 0},
    {"a second document", "node: corvd-7", "---\nnode: a\n---\nnode: corvd-7", "---\nnode: c",
        "config.two-documents", 0},
    {"an alias", "acts_for: [gemeente-a]", "acts_for: &x [*x]", "acts_for", "config.yaml-alias", 0},
    {"a NUL in a text", "name: Raad\n", "name: \"Ra\\0ad\"\n", "name: \"Ra", "config.nul", 0},
    {"a port too high", "  port: 0", "  port: 65536", "port: 65536", "config.range", 0},
    {"a number with a sign", "  port: 0", "  port: -1", "port: -1", "config.bad-number", 0},
    {"a number that is a word", "max_in_flight: 3", "max_in_flight: drie", "drie",
        "config.bad-number", 0},
    {"a number beyond 64 bits", "  port: 0", "  port: 99999999999999999999999", "port: 9",
        "config.range", 0},
    {"auto where nothing is worked out", "max_in_flight: 3", "max_in_flight: auto", "auto",
        "config.bad-number", 0},
    {"bytes with a unit of its own", "body_bytes: 1 MiB", "body_bytes: 1 MB", "1 MB",
        "config.bad-number", 0},
    {"bytes beyond the bound", "body_bytes: 1 MiB", "body_bytes: 2 GiB", "2 GiB", "config.range",
        0},
    {"a bool in another language", "node: corvd-7", "node: corvd-7\nproduction: ja", "production",
        "config.bad-bool", 0},
    {"a level that does not exist", "node: corvd-7", "log_level: luid", "log_level",
        "config.bad-level", 0},
    {"a node name with capitals", "node: corvd-7", "node: Corvd 7", "node", "config.bad-name", 0},
    {"a host name as address", "  port: 0", "  address: localhost", "localhost",
        "config.bad-address", 0},
    {"a certificate that is not there", "certificate: tls/corvd.pem", "certificate: tls/weg.pem",
        "weg.pem", "config.file-missing", 0},
    {"a certificate that is a folder", "certificate: tls/corvd.pem", "certificate: tls",
        "certificate: tls\n", "config.file-kind", 0},
    {"no key", "  key: tls/corvd.key\n", "", "listen", "config.missing", 0},
    {"a database that is neither", "node: corvd-7", "database: mysql", "database",
        "config.bad-database", 0},
    {"admin open to the world", "{socket: beheer.sock}", "{address: 0.0.0.0}", "admin",
        "config.admin-open", 0},
    {"admin both ways", "{socket: beheer.sock}", "{socket: a, port: 1}", "admin",
        "config.admin-both", 1},
    {"content kept longer without a ground", "  ca: tls/partners-ca.pem",
        "  ca: tls/partners-ca.pem\nretention:\n  payload_hours: 48", "payload_hours",
        "config.no-ground", 0},
    {"content kept too long whatever the ground", "  ca: tls/partners-ca.pem",
        "  ca: tls/partners-ca.pem\nretention: {ground: besluit,\n  payload_hours: 241}",
        "payload_hours", "config.range", 0},
    {"traffic data kept for more than six months", "  ca: tls/partners-ca.pem",
        "  ca: tls/partners-ca.pem\nretention:\n  traffic_days: 185", "traffic_days",
        "config.range", 0},
    {"a lease shorter than an attempt", "  ca: tls/partners-ca.pem",
        "  ca: tls/partners-ca.pem\n  lease_seconds: 60", "lease_seconds", "config.lease", 0},
    {"the first retry after the last", "  ca: tls/partners-ca.pem",
        "  ca: tls/partners-ca.pem\n  retry_max_seconds: 2", "delivery", "config.retry", 0},
    {"giving up before the first attempt ends", "  ca: tls/partners-ca.pem",
        "  ca: tls/partners-ca.pem\n  give_up_seconds: 9", "give_up", "config.give-up", 0},
    {"https without our certificate", "  certificate: tls/corvd-client.pem\n", "", "delivery",
        "config.delivery-tls", 0},
    {"two adapters of one name", "name: map", "name: https", "- name: https", "config.double-name",
        0},
    {"an endpoint of a stranger", "{key: n, value: 3}", "{key: sender, value: jan}", "name: map",
        "config.unknown-sender", 0},
    {"a library beside the road", "/opt/map.so", "map.so", "map.so", "config.bad-library", 0},
    {"a builtin without a name", "'builtin:https'", "'builtin:'", "builtin", "config.bad-library",
        0},
    {"an id with a capital", "id: team", "id: Team", "id: Team", "config.bad-name", 0},
    {"two parties of one id", "id: team", "id: raad", "id: raad\n    name: Team",
        "config.double-id", 0},
    {"two parties of one OIN", "'00000099999000401000'", "'00000099999000101000'",
        "'00000099999000101000'\n    roles: [{role: gemandateerde", "config.double-oin", 0},
    {"an OIN of 19 digits", "'00000099999000401000'", "'0000009999900040100'",
        "'0000009999900040100'", "config.bad-oin", 0},
    {"an OIN with a suffix", "'00000099999000401000'", "00000099999000401000_OTA", "_OTA",
        "config.bad-oin", 0},
    {"a gemeentecode of three digits", "'0995'", "'995'", "'995'", "config.bad-gemeentecode", 0},
    {"a gemeentecode twice", "    acts_for: [gemeente-a]", "    gemeentecode: '0995'",
        "gemeentecode: '0995'\nmand", "config.double-gemeentecode", 0},
    {"a gemeentecode of who is none", "    acts_for: [gemeente-a]", "    gemeentecode: '0996'",
        "'0996'", "config.not-gemeente", 1},
    {"places of who is no gemeente", "    acts_for: [gemeente-a]", "    woonplaatsen: [X]", "[X]",
        "config.not-gemeente", 1},
    {"a role that does not exist", "{role: raad}", "{role: rad}", "rad}", "config.unknown-role", 0},
    {"a party without role or task",
        "    roles: [{role: gemandateerde}]\n    acts_for: [gemeente-a]\n", "", "id: team",
        "config.no-role", 1},
    {"a day that does not exist", "2030-02-28", "2030-02-29", "2030-02-29", "config.bad-date", 0},
    {"a day in another order", "2026-05-01", "01-05-2026", "01-05-2026", "config.bad-date", 0},
    {"a period that ends before it begins", "2030-02-28", "2025-12-30", "2025-12-30",
        "config.period", 0},
    {"an adapter that is not there", "adapter: https\n    address: https://a",
        "adapter: htps\n    address: https://a", "htps\n", "config.unknown-adapter", 0},
    {"an adapter without an address", "    address: https://a.example/\n", "",
        "adapter: https\n    max", "config.no-address", 0},
    {"an address without an adapter", "    adapter: https\n    address: https://a.example/\n",
        "    address: https://a.example/\n", "https://a.", "config.no-adapter", 0},
    {"acting for a stranger", "acts_for: [gemeente-a]", "acts_for: [gemeente-b]", "gemeente-b",
        "config.unknown-party", 0},
    {"acting for oneself", "acts_for: [gemeente-a]", "acts_for: [team]", "[team]",
        "config.acts-for-self", 1},
    {"an empty place", "[Aadorp, Zandwijk]", "[Aadorp, '']", "[Aadorp", "config.empty", 0},
    {"a place twice", "[Aadorp, Zandwijk]", "[Aadorp, AADORP]", "AADORP", "config.double-place", 1},
    {"a place that is a story", "[Aadorp, Zandwijk]",
        "[Aadorp" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "]", "Aadorp",
        "config.bad-place", 0},
    {"a mandate for a stranger", "party: team", "party: teem", "teem", "config.unknown-party", 0},
    {"a mandate by a stranger", "    gemeente: gemeente-a", "    gemeente: gemeente-b",
        "gemeente-b", "config.unknown-party", 0},
    {"a mandate by who is no gemeente", "    gemeente: gemeente-a", "    gemeente: raad",
        "    gemeente: raad", "config.mandate-giver", 0},
    {"a mandate for oneself", "party: team", "party: gemeente-a", "party: gemeente-a",
        "config.mandate-self", 0},
    {"a mandate without kinds", "    kinds: [vtoDi01]\n", "", "party: team", "config.missing", 0},
    {"a mandate for a kind that does not exist", "kinds: [vtoDi01]", "kinds: [vtoDi02]", "vtoDi02",
        "config.unknown-kind", 0},
    {"a mandate without a ground", "    ground: besluit 12\n", "", "party: team", "config.missing",
        0},
    {"two routes of one name", "name: notice", "name: vto", "name: vto\n", "config.double-name", 0},
    {"a route for a kind that does not exist", "kind: Fo01Bericht", "kind: Fo99Bericht", "Fo99",
        "config.unknown-kind", 0},
    {"a route for our own notice", "kind: Fo01Bericht", "kind: kennisgeving", "kind: kennisgeving",
        "config.unknown-kind", 0},
    {"a route to nowhere", "to: ontvanger", "to: iedereen", "iedereen", "config.bad-target", 0},
    {"a route to a role that does not exist", "'role:raad'", "'role:raden'", "role:raden",
        "config.unknown-role", 0},
    {"a route to a role nobody holds", "'role:raad'", "'role:politie'", "role:politie",
        "config.role-nobody", 0},
    {"a route to a role held too late", "'role:raad'}", "'role:gemeente', valid_until: 2025-12-31}",
        "role:gemeente", "config.role-nobody", 0},
    {"a route to a mute role", "'role:raad'", "'role:gemandateerde'", "role:gemandateerde",
        "config.unreachable", 0},
    {"a route to a stranger", "'party:raad'", "'party:raat'", "party:raat", "config.unknown-party",
        0},
    {"a route to a mute party", "'party:raad'", "'party:team'", "party:team", "config.unreachable",
        0},
    {"a notice to a mute gemeente", "    adapter: https\n    address: https://a.example/\n", "",
        "to: gemeente-van-kind", "config.gemeente-unreachable", 1},
    {"a form that does not exist", "as: kennisgeving", "as: samenvatting", "samenvatting",
        "config.bad-form", 0},
    {"from a role that does not exist", "from: [raad]", "from: [raadd]", "[raadd]",
        "config.unknown-role", 0},
    {"from a role nobody holds", "from: [raad]", "from: [halt]", "[halt]", "config.from-nobody", 1},
    {"a notice without a message", "{name: vto, kind: vtoDi01, to: 'role:raad'}",
        "{name: vto, kind: vtoDi01, to: 'role:raad', as: kennisgeving}", "as: kennisgeving}",
        "config.only-notice", 0},
};

static char *patched(const struct wrong *w)
{
    const char *at = strstr(good, w->find);

    if (!at)
        fail_msg("%s: the good file has no such text", w->why);
    size_t n = strlen(good) + strlen(w->replace) + 1;
    char *out = malloc(n);

    assert_non_null(out);
    (void)snprintf(out, n, "%.*s%s%s", (int)(at - good), good, w->replace, at + strlen(w->find));
    return out;
}

static int line_of(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);
    int line = 1;

    if (!at)
        fail_msg("no line has %s", mark);
    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    return line;
}

static bool has(const struct corv_findings *f, const struct wrong *w, int line)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->list[i].code, w->code) == 0 && f->list[i].line == line &&
            (f->list[i].severity == CORV_SEV_WARNING) == w->warning)
            return true;
    return false;
}

static void test_each_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *w = &wrongs[i];
        char *text = patched(w);
        int line = line_of(text, w->at);
        struct corv_config *c = NULL;
        struct corv_findings f;

        corv_findings_init(&f);
        corv_rc rc = corv_config_read(folder.file, corv_view_str(text), &c, &f);

        if (w->code[0] && !has(&f, w, line)) {
            support_print(&f);
            fail_msg("%s: no %s on line %d", w->why, w->code, line);
        }
        for (size_t n = 0; n < f.count; n++) {
            assert_int_equal(f.list[n].layer, CORV_LAYER_CONFIG);
            assert_true(f.list[n].line > 0);
            assert_true(strlen(f.list[n].text) > 10);
        }
        if ((rc == CORV_OK) != w->warning || (c != NULL) != (rc == CORV_OK)) {
            support_print(&f);
            fail_msg("%s: rc %s", w->why, corv_rc_name(rc));
        }
        corv_config_free(c);
        corv_findings_free(&f);
        free(text);
    }
}

/* ---- all at once, and no value in any sentence ---- */

static void test_everything_at_once(void **state)
{
    static const char text[] =
        "nood: GEHEIM\n"
        "workers: GEHEIM\n" SUPPORT_LISTEN "  port: GEHEIM\n"
        "parties:\n"
        "  - id: GEHEIM\n"
        "    oin: GEHEIM\n"
        "    GEHEIM: GEHEIM\n"
        "    roles: [{role: GEHEIM}]\n"
        "    valid_from: GEHEIM\n"
        "routes:\n"
        "  - {name: a, kind: GEHEIM, to: GEHEIM, as: GEHEIM, from: [GEHEIM]}\n"
        "mandates:\n"
        "  - {party: GEHEIM, gemeente: geheim, kinds: [GEHEIM]}\n";
    struct corv_config *c = NULL;
    struct corv_findings f;

    (void)state;
    corv_findings_init(&f);
    assert_int_equal(corv_config_read(folder.file, corv_view_str(text), &c, &f), CORV_E_INVALID);
    assert_null(c);
    if (f.errors != 17) {
        support_print(&f);
        fail_msg("%zu errors", f.errors);
    }
    for (size_t i = 0; i < f.count; i++) {
        assert_null(strstr(f.list[i].text, "GEHEIM"));
        assert_null(strstr(f.list[i].path, "GEHEIM"));
        assert_true(f.list[i].line > 0);
    }
    corv_findings_free(&f);
}

static void test_suggestion(void **state)
{
    struct corv_config *c = NULL;
    struct corv_findings f;

    (void)state;
    corv_findings_init(&f);
    assert_int_equal(
        corv_config_read(folder.file, corv_view_str("lissten: {}\n"), &c, &f), CORV_E_INVALID);
    assert_non_null(strstr(f.list[0].text, "'listen'"));
    corv_findings_free(&f);
}

static void test_key_file_open_to_all(void **state)
{
    struct corv_config *c = NULL;
    struct corv_findings f;
    char name[160];

    (void)state;
    support_name(&folder, "corvd.key", name);
    assert_int_equal(chmod(name, 0644), 0);
    corv_findings_init(&f);
    assert_int_equal(corv_config_read(folder.file, corv_view_str(good), &c, &f), CORV_OK);
    assert_int_equal(chmod(name, 0640), 0);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.errors, 0);
    assert_string_equal(f.list[0].code, "config.key-readable");
    assert_int_equal(f.list[0].line, line_of(good, "key: tls/corvd.key"));
    corv_config_free(c);
    corv_findings_free(&f);
}

static void test_limits_together(void **state)
{
    static const char text[] =
        SUPPORT_LISTEN "limits:\n  body_bytes: 2 MiB\n  total_body_bytes: 1 MiB\n"
                       "admin:\n  port: 8443\n";
    struct corv_config *c = NULL;
    struct corv_findings f;

    (void)state;
    corv_findings_init(&f);
    assert_int_equal(corv_config_read(folder.file, corv_view_str(text), &c, &f), CORV_E_INVALID);
    assert_int_equal(f.errors, 2);
    assert_string_equal(f.list[0].code, "config.same-port");
    assert_string_equal(f.list[1].code, "config.limits");
    assert_int_equal(f.list[1].line, 7);
    corv_findings_free(&f);
}

#define ONE_ROUTE "routes: [{name: r, kind: Bv01Bericht, to: ontvanger}]\n"

static void test_shared_place_is_a_warning(void **state)
{
    static const char text[] = SUPPORT_LISTEN
        "parties:\n"
        "  - {id: a, name: A, oin: '00000099999000101000', roles: [{role: gemeente}],\n"
        "     woonplaatsen: [Zandwijk]}\n"
        "  - {id: b, name: B, oin: '00000099999000102000', roles: [{role: gemeente}],\n"
        "     woonplaatsen: [Aadorp, ZÁNDWIJK]}\n" ONE_ROUTE;
    struct corv_config *c = NULL;
    struct corv_findings f;

    (void)state;
    corv_findings_init(&f);
    assert_int_equal(corv_config_read(folder.file, corv_view_str(text), &c, &f), CORV_OK);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.list[0].code, "config.shared-place");
    assert_int_equal(f.list[0].line, 9);
    corv_config_free(c);
    corv_findings_free(&f);
}

/* A large message holds up its worker; there must be another one. */
static void test_one_worker_is_a_warning(void **state)
{
    static const char *const texts[] = {"workers: 1\n" SUPPORT_LISTEN ONE_ROUTE,
        "workers: 2\n" SUPPORT_LISTEN ONE_ROUTE, SUPPORT_LISTEN ONE_ROUTE};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct corv_config *c = NULL;
        struct corv_findings f;

        corv_findings_init(&f);
        assert_int_equal(corv_config_read(folder.file, corv_view_str(texts[i]), &c, &f), CORV_OK);
        assert_int_equal(f.count, i == 0);
        if (i == 0) {
            assert_string_equal(f.list[0].code, "config.one-worker");
            assert_int_equal(f.list[0].line, 1);
            assert_int_equal(f.list[0].severity, CORV_SEV_WARNING);
        }
        corv_config_free(c);
        corv_findings_free(&f);
    }
}

static void test_same_oin_one_after_another(void **state)
{
    static const char text[] = SUPPORT_LISTEN
        "parties:\n"
        "  - {id: oud, name: A, oin: '00000099999000101000', roles: [{role: gemeente}],\n"
        "     gemeentecode: '0995', valid_until: 2025-12-31}\n"
        "  - {id: nieuw, name: B, oin: '00000099999000101000', roles: [{role: gemeente}],\n"
        "     gemeentecode: '0995', valid_from: 2026-01-01}\n"
        "routes: [{name: r, kind: Bv01Bericht, to: ontvanger}]\n";

    (void)state;
    corv_config_free(support_load(&folder, text));
}

static void test_many_routes(void **state)
{
    char text[2048] = SUPPORT_LISTEN "routes:\n";
    struct corv_config *c = NULL;
    struct corv_findings f;

    (void)state;
    for (int i = 0; i < CORV_ROUTES_SAME_KIND + 1; i++) {
        size_t n = strlen(text);

        (void)snprintf(text + n, sizeof text - n,
            "  - {name: r%d, kind: Bv01Bericht, to: ontvanger%s}\n", i,
            i == 0 ? ", valid_until: 2026-01-01" : "");
    }
    corv_findings_init(&f);
    assert_int_equal(corv_config_read(folder.file, corv_view_str(text), &c, &f), CORV_E_INVALID);
    assert_string_equal(f.list[0].code, "config.many-routes");
    corv_findings_free(&f);
}

static void test_long_text(void **state)
{
    char text[4096] = SUPPORT_LISTEN "database: '";
    struct corv_config *c = NULL;
    struct corv_findings f;
    size_t n = strlen(text);

    (void)state;
    memset(text + n, '=', 2001);
    memcpy(text + n + 2001, "'\n", 3);
    corv_findings_init(&f);
    assert_int_equal(corv_config_read(folder.file, corv_view_str(text), &c, &f), CORV_E_INVALID);
    assert_string_equal(f.list[0].code, "config.too-long");
    corv_findings_free(&f);
    memcpy(text + n + 2000, "'\n", 3);
    corv_config_free(support_load(&folder, text));
}

/* ---- files ---- */

static void load_expecting(const char *path, corv_rc expected, const char *code)
{
    struct corv_config *c = NULL;
    struct corv_findings f;

    corv_findings_init(&f);
    assert_int_equal(corv_config_load(path, &c, &f), expected);
    if (code)
        assert_string_equal(f.list[0].code, code);
    else
        assert_int_equal(f.errors, 0);
    corv_config_free(c);
    corv_findings_free(&f);
}

static void test_files(void **state)
{
    char *big = NULL;

    (void)state;
    load_expecting("/nonexistent/corvd.yaml", CORV_E_IO, "config.unreadable");
    load_expecting(folder.path, CORV_E_IO, "config.unreadable");
    support_write(folder.file, good, 0600);
    load_expecting(folder.file, CORV_OK, NULL);

    big = malloc(CORV_CONFIG_BYTES + 2);
    assert_non_null(big);
    memset(big, '#', CORV_CONFIG_BYTES + 1);
    big[CORV_CONFIG_BYTES + 1] = '\0';
    support_write(folder.file, big, 0600);
    load_expecting(folder.file, CORV_E_LIMIT, "config.too-large");
    free(big);
}

/* Files made to cost much: each is refused or read within the ceilings; the test's own timeout and
 * ASan's memory limit are what it would break. */
static void test_costly(void **state)
{
    static const char *const seeds[] = {"[", "- ", "{a: ", "a: [*b, &b ", "? ", "- - "};

    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        size_t unit = strlen(seeds[i]);
        size_t n = (size_t)400000 / unit * unit;
        char *text = malloc(n);
        struct corv_config *c = NULL;
        struct corv_findings f;

        assert_non_null(text);
        for (size_t at = 0; at < n; at += unit)
            memcpy(text + at, seeds[i], unit);
        corv_findings_init(&f);
        assert_int_not_equal(corv_config_read(folder.file, corv_view_of(text, n), &c, &f), CORV_OK);
        assert_null(c);
        assert_true(f.errors > 0);
        corv_findings_free(&f);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good_scalars, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_good_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_references, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_environment_does_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_everything_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_suggestion, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_key_file_open_to_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shared_place_is_a_warning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_worker_is_a_warning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same_oin_one_after_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_routes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_costly, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
