/* SPDX-License-Identifier: EUPL-1.2 */
/* The routing decision on whole messages: the corpus' layer "addressing" read by the real reader,
 * and the chain of tests/support/flevoland.yaml.in. Run from the root of the project. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <jansson.h>

#include "daemon/route.h"
#include "schemas/verdict.h"
#include "tests/unit/test_config_support.h"

#define DAY  20260701
#define SKIP 77

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

static char *slurp(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 4u << 20);

    if (!f)
        fail_msg("%s is not there", path);
    assert_non_null(text);
    *size = fread(text, 1, (4u << 20) - 1, f);
    assert_true(*size > 0);
    assert_int_equal(fclose(f), 0);
    return text;
}

/* ---- the corpus ---- */

/* What each file is to be refused for; the rest of its sort must be refused for something. */
static const struct {
    const char *name;
    int status;
    const char *code;
} expected[] = {
    {"addr-01-", 422, "addressing.recipient-unknown"},
    {"addr-03-", 422, "addressing.recipient-unknown"},
    {"addr-04-", 422, "addressing.recipient-unknown"},
    {"addr-06-", 422, "addressing.recipient-unknown"},
    {"addr-07-", 403, "addressing.zender-not-peer"},
    {"addr-09-", 422, "addressing.zender-empty"},
    {"addr-10-", 422, "addressing.zender-is-ontvanger"},
    {"addr-12-", 403, "addressing.kind-not-allowed"},
    {"addr-13-", 422, "addressing.recipient-wrong-role"},
    {"addr-15-", 403, "addressing.sender-ended"},
    {"addr-16-", 422, "addressing.recipient-unconnected"},
    {"addr-18-", 403, "addressing.kind-not-allowed"},
    {"addr-19-", 422, "addressing.recipient-unknown"},
};

/* The parties of the corpus by their numbers: 01nn gemeenten, 02nn Veilig Thuis, 03nn police. */
static struct corv_config *corpus_register(const char *ended_oin)
{
    char text[16384] = SUPPORT_LISTEN
        "adapters: [{name: map, library: 'builtin:dropdir'}]\n"
        "routes:\n"
        "  - {name: vto, kind: vtoDi01, from: [gemeente, veilig-thuis, gi], to: 'role:raad'}\n"
        "  - {name: not, kind: notificatieDi01, from: [raad], to: ontvanger}\n"
        "  - {name: jr, kind: notificatiejrDi01, from: [raad], to: 'role:gemeente'}\n"
        "  - {name: zorg, kind: zorgmeldingDi01, from: [politie], to: ontvanger}\n"
        "  - {name: gm, kind: meldingGeneriekDi01, to: ontvanger}\n"
        "parties:\n"
        "  - {id: raad, name: R, oin: '00000002003214436001', roles: [{role: raad}],\n"
        "     adapter: map, address: r}\n"
        "  - {id: los, name: L, oin: '00000099999999999000', roles: [{role: gemeente}]}\n";
    static const char *const roles[] = {"gemeente", "veilig-thuis", "politie"};
    size_t n = strlen(text);

    n += (size_t)snprintf(text + n, sizeof text - n,
        "  - {id: oud, name: O, oin: '%s', roles: [{role: gi}], valid_until: 2021-12-31}\n",
        ended_oin);
    for (int kind = 1; kind <= 3; kind++)
        for (int i = 1; i <= 12; i++)
            n += (size_t)snprintf(text + n, sizeof text - n,
                "  - {id: p%d%02d, name: P, oin: '0000009999900%02d%02d000', adapter: map,\n"
                "     address: p, roles: [{role: %s}]}\n",
                kind, i, kind, i, roles[kind - 1]);
    return support_load(&folder, text);
}

static char *shared(const char *rest, char out[512])
{
    const char *root = getenv("CORV_SHARED");

    (void)snprintf(out, 512, "%s/%s", root ? root : "../shared", rest);
    return out;
}

static char *peer_of(const char *sidecar)
{
    json_t *j = json_load_file(sidecar, 0, NULL);
    const char *peer = json_string_value(json_object_get(j, "peer"));
    char *copy = peer ? strdup(peer) : NULL;

    assert_non_null(j);
    json_decref(j);
    return copy;
}

static void judge_file(const struct corv_schemas *schemas, const char *sidecar)
{
    char path[512];
    size_t size = 0;
    char *peer = peer_of(sidecar);
    const char *name = strrchr(sidecar, '/') + 1;
    bool is_ended = strncmp(name, "addr-15-", 8) == 0;
    struct corv_config *c = corpus_register(is_ended ? peer : "00000099999000999000");
    struct corv_verdict v;
    struct corv_plan plan;
    struct corv_findings f;
    int status = 0;

    (void)snprintf(path, sizeof path, "%.*s.xml", (int)(strlen(sidecar) - 5), sidecar);
    char *bytes = slurp(path, &size);

    assert_int_equal(
        corv_verdict_of(schemas, corv_view_of(bytes, size), &corv_read_limits_default, &v),
        CORV_OK);
    assert_non_null(v.envelope);
    const char *oin = peer ? peer : v.envelope->zender.organisatie;

    corv_findings_init(&f);
    corv_rc rc = corv_route(
        c, v.envelope, corv_party_by_oin_ever(c, corv_view_str(oin)), DAY, &plan, &f, &status);

    if (rc != CORV_E_INVALID || f.errors == 0)
        fail_msg("%s is not refused:\n%s", name, plan.explanation);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strncmp(name, expected[i].name, strlen(expected[i].name)) == 0 &&
            (status != expected[i].status || strcmp(f.list[0].code, expected[i].code) != 0))
            fail_msg("%s: %d %s\n%s", name, status, f.list[0].code, plan.explanation);
    corv_findings_free(&f);
    corv_plan_free(&plan);
    corv_verdict_free(&v);
    corv_config_free(c);
    free(bytes);
    free(peer);
}

static void test_corpus(void **state)
{
    char pattern[512];
    struct corv_schemas *schemas = NULL;
    struct corv_fault fault = {0};
    glob_t found;

    (void)state;
    assert_int_equal(glob(shared("corpus/invalid/addr-*.json", pattern), 0, NULL, &found), 0);
    corv_schemas_init();
    assert_int_equal(corv_schemas_new(&schemas, &fault), CORV_OK);
    assert_true(found.gl_pathc >= sizeof expected / sizeof *expected);
    for (size_t i = 0; i < found.gl_pathc; i++)
        judge_file(schemas, found.gl_pathv[i]);
    corv_schemas_free(schemas);
    globfree(&found);
}

/* ---- Flevoland ---- */

/* Fills in the places: every port is 1, every certificate and key is one file of the folder. */
static size_t fill(const char **in, char *out, size_t room)
{
    const char *end = strchr(*in + 1, '@');
    bool pki = strncmp(*in, "@PKI@", 5) == 0;

    assert_non_null(end);
    const char *value = strncmp(*in, "@PORT", 5) == 0 ? "1" : folder.path;

    *in = end + 1;
    if (pki)
        *in += strcspn(*in, "\"");
    return (size_t)snprintf(out, room, "%s%s", value, pki ? "/tls/corvd.key" : "");
}

static struct corv_config *flevoland(void)
{
    size_t size = 0;
    char *in = slurp("tests/support/flevoland.yaml.in", &size);
    char *out = calloc(1, 2 * size);
    size_t n = 0;

    assert_non_null(out);
    for (const char *p = in; *p;) {
        if (*p == '@')
            n += fill(&p, out + n, 2 * size - n);
        else
            out[n++] = *p++;
    }
    free(in);

    struct corv_config *c = support_load(&folder, out);

    free(out);
    return c;
}

struct journey {
    const char *why;
    const char *kind;
    const char *sender;
    const char *ontvanger;
    const char *place;
    const char *plan;
    const char *mandated_by; /* "-": none */
};

#define VT "veilig-thuis-flevoland"

static const struct journey journeys[] = {
    {"a VTO of Veilig Thuis about a child in Lelystad", "vtoDi01", VT, "raad", "Lelystad",
        "raad:b lelystad:k", "-"},
    {"intake afgerond, to Veilig Thuis", "notificatieDi01", "raad", VT, NULL, VT ":b", "-"},
    {"ambtshalve onderzoek, to the gemeente", "notificatieDi01", "raad", "lelystad", "Lelystad",
        "lelystad:b", "-"},
    {"jeugdreclassering by AICE", "notificatiejrDi01", "aice", "lelystad", "Lelystad", "lelystad:b",
        "-"},
    {"jeugdreclassering by the Raad", "notificatiejrDi01", "raad", "lelystad", "Lelystad",
        "lelystad:b", "-"},
    {"SVMN for Almere", "vtoDi01", "svmn", "raad", "Almere", "raad:b almere:k", "almere"},
    {"SVMN for Lelystad", "vtoDi01", "svmn", "raad", "Lelystad", "raad:b lelystad:k", "lelystad"},
    {"SVMN for Zeewolde", "vtoDi01", "svmn", "raad", "Zeewolde", "raad:b zeewolde:k", "zeewolde"},
    {"SVMN for Noordoostpolder", "vtoDi01", "svmn", "raad", "Emmeloord", "raad:b noordoostpolder:k",
        "noordoostpolder"},
    {"SVMN about a child in Urk: its own right, no mandate", "vtoDi01", "svmn", "raad", "Urk",
        "raad:b urk:k", "-"},
    {"the lokaal team of Dronten", "vtoDi01", "lokaal-team-dronten", "raad", "Swifterbant",
        "raad:b", "dronten"},
    {"the lokaal team of Urk", "vtoDi01", "lokaal-team-urk", "raad", "Urk", "raad:b", "urk"},
    {"the lokaal team of Urk has no mandate of Dronten", "vtoDi01", "lokaal-team-urk", "raad",
        "Dronten", "403", "-"},
    {"gemeente Urk itself", "vtoDi01", "urk", "raad", "Urk", "raad:b", "-"},
    {"the police do not file a VTO", "vtoDi01", "politie-midden-nederland", "raad", "Urk", "403",
        "-"},
    {"a zorgmelding of the police", "zorgmeldingDi01", "politie-midden-nederland", VT, "Urk",
        VT ":b", "-"},
    {"a zorgmelding of Halt to a gemeente", "zorgmeldingDi01", "halt", "urk", "Urk", "422", "-"},
    {"its terugkoppeling", "zorgmeldingTerugkoppelingDi01", VT, "halt", "Urk", "halt:b", "-"},
    {"a confirmation", "Bv01Bericht", "raad", VT, NULL, VT ":b", "-"},
    {"a fault", "Fo01Bericht", "raad", "svmn", NULL, "svmn:b", "-"},
    {"a confirmation for nobody we know", "Bv01Bericht", "raad", NULL, NULL,
        "route.answer-in-doubt:b", "-"},
    {"a fault for nobody we know", "Fo01Bericht", "raad", NULL, NULL, "route.answer-in-doubt:b",
        "-"},
    {"a technical receipt for nobody we know", "Bv04Bericht", "raad", NULL, NULL, "422", "-"},
};

static void travel(const struct corv_config *c, const struct journey *j)
{
    const struct corv_party *sender = corv_party_by_id(c, j->sender);
    const struct corv_party *ontvanger = j->ontvanger ? corv_party_by_id(c, j->ontvanger) : NULL;
    struct corv_child child = {.woonplaats = (char *)j->place};
    struct corv_plan plan;
    struct corv_findings f;
    char seen[256] = "";
    int status = 0;
    size_t n = 0;

    assert_non_null(sender);
    assert_true(ontvanger || !j->ontvanger);
    struct corv_envelope e = {.kind = corv_kind_by_name(j->kind),
        .zender = {.organisatie = (char *)sender->oin},
        .ontvanger = {.organisatie = ontvanger ? (char *)ontvanger->oin : NULL},
        .children = &child,
        .children_count = 1};

    corv_findings_init(&f);
    corv_rc rc = corv_route(c, &e, sender, DAY, &plan, &f, &status);

    if (rc != CORV_OK)
        (void)snprintf(seen, sizeof seen, "%d", status);
    for (unsigned i = 0; i < plan.count; i++)
        n += (size_t)snprintf(seen + n, sizeof seen - n, "%s%s:%c", i ? " " : "",
            plan.deliveries[i].to ? plan.deliveries[i].to->id : plan.deliveries[i].held_code,
            plan.deliveries[i].form == CORV_AS_BERICHT ? 'b' : 'k');
    if (strcmp(seen, j->plan) != 0 ||
        strcmp(plan.mandated_by ? plan.mandated_by->id : "-", j->mandated_by) != 0)
        fail_msg("%s: %s\n%s", j->why, seen, plan.explanation);
    corv_findings_free(&f);
    corv_plan_free(&plan);
}

static void test_flevoland(void **state)
{
    struct corv_config *c = flevoland();

    (void)state;
    for (size_t i = 0; i < sizeof journeys / sizeof *journeys; i++)
        travel(c, &journeys[i]);
    corv_config_free(c);
}

/* Every kind that anyone can send has a way in the full example. */
static void test_flevoland_knows_every_kind(void **state)
{
    struct corv_config *c = flevoland();

    (void)state;
    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_COUNT; k++) {
        bool known = k == CORV_KIND_KENNISGEVING;

        for (unsigned i = 0; i < c->routes_count; i++)
            known = known || strcmp(c->routes[i].kind, corv_kind_name((enum corv_kind)k)) == 0;
        if (!known)
            fail_msg("no route for %s", corv_kind_name((enum corv_kind)k));
    }
    corv_config_free(c);
}

int main(void)
{
    const struct CMUnitTest own[] = {
        cmocka_unit_test(test_flevoland),
        cmocka_unit_test(test_flevoland_knows_every_kind),
    };
    const struct CMUnitTest corpus[] = {cmocka_unit_test(test_corpus)};
    char path[512];
    int failed = cmocka_run_group_tests(own, set_up, tear_down);

    if (access(shared("corpus/invalid", path), R_OK) != 0) {
        print_message("SKIPPED the corpus: %s is not there (set CORV_SHARED)\n", path);
        return failed ? failed : SKIP;
    }
    return failed + cmocka_run_group_tests(corpus, set_up, tear_down);
}
