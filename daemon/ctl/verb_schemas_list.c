/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/ctl/import.h"
#include "daemon/ctl/verbs.h"
#include "daemon/judge_up.h"
#include "schemas/store_manifest.h"

/* What is stored and, when there is a configuration, what it chooses. */
struct listing {
    struct corv_ctl *ctl;
    struct corv_schema_store store;
    struct corv_schema_choice *choices; /* owned; NULL without a configuration */
    size_t count;
    int today;
};

static const struct corv_schema_set *set_of(
    const struct listing *l, const struct corv_schema_choice *c)
{
    return corv_schema_store_find(&l->store, c->set);
}

/* Is there a kind that this choice judges today? Another choice may go before it. */
static bool in_force(const struct listing *l, const struct corv_schema_choice *c)
{
    const struct corv_schema_set *set = set_of(l, c);

    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_COUNT; k++)
        if ((!set || set->kinds >> k & 1) &&
            corv_schema_choose(l->choices, l->count, (enum corv_kind)k, c->party, l->today) == c)
            return true;
    return false;
}

/* As the judge counts: a set is not in force before its own day. */
static void count_from_the_sets_day(struct listing *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct corv_schema_set *set = set_of(l, &l->choices[i]);

        if (set && set->from > l->choices[i].from)
            l->choices[i].from = set->from;
    }
}

static json_t *choices_json(const struct listing *l, const struct corv_schema_set *set)
{
    json_t *list = json_array();

    for (size_t i = 0; i < l->count; i++) {
        const struct corv_schema_choice *c = &l->choices[i];
        char from[16], until[16];

        if (set_of(l, c) == set)
            (void)json_array_append_new(list,
                json_pack("{s:o, s:s?, s:s, s:s, s:b}", "kinds", corv_ctl_kinds_json(c->kinds),
                    "party", c->party, "from", corv_manifest_day(c->from, from), "until",
                    corv_manifest_day(c->until, until), "in_force", in_force(l, c)));
    }
    return list;
}

static void say_json(const struct listing *l)
{
    json_t *list = json_array();

    if (l->choices)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:o}", "name", CORV_SCHEMA_OWN, "sha256", "",
                      "version", CORV_VERSION, "choices", choices_json(l, NULL)));
    for (size_t i = 0; i < l->store.count; i++) {
        json_t *set = corv_ctl_set_json(l->store.sets[i]);

        if (l->choices)
            (void)json_object_set_new(set, "choices", choices_json(l, l->store.sets[i]));
        (void)json_array_append_new(list, set);
    }
    corv_ctl_json(l->ctl, list);
}

static void sets_table(const struct listing *l)
{
    static const struct corv_ctl_column columns[] = {{.title = "NAAM", .least = 16},
        {.title = "VERSIE"}, {.title = "SHA-256"}, {.title = "BERICHTEN"}, {.title = "VANAF"},
        {.title = NULL}};
    static const char *const own[] = {CORV_SCHEMA_OWN, CORV_VERSION, "", "alle", ""};
    struct corv_ctl_table t;

    corv_ctl_table_init(&t, columns);
    corv_ctl_table_add(&t, CORV_TONE_PLAIN, own);
    for (size_t i = 0; i < l->store.count; i++) {
        const struct corv_schema_set *s = l->store.sets[i];
        char hash[13], families[64], from[16];
        const char *cells[] = {
            s->name, s->version, hash, corv_ctl_families_text(s, families, sizeof families), from};

        (void)snprintf(hash, sizeof hash, "%.12s", s->hash);
        (void)corv_manifest_day(s->from, from);
        corv_ctl_table_add(&t, CORV_TONE_PLAIN, cells);
    }
    corv_ctl_table_end(l->ctl, &t);
}

/* "alle", or the kinds by name. */
static void kinds_text(uint32_t kinds, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%s", kinds ? "" : "alle");

    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_COUNT; k++)
        if (kinds >> k & 1 && n < size)
            n += (size_t)snprintf(
                out + n, size - n, "%s%s", n ? " " : "", corv_kind_name((enum corv_kind)k));
}

static void choices_table(const struct listing *l)
{
    static const struct corv_ctl_column columns[] = {{.title = "GEKOZEN", .least = 16},
        {.title = "BERICHTEN", .least = 10}, {.title = "VAN PARTIJ", .least = 10},
        {.title = "VANAF"}, {.title = "TOT EN MET"}, {.title = "VANDAAG", .toned = true},
        {.title = NULL}};
    struct corv_ctl_table t;

    corv_ctl_table_init(&t, columns);
    for (size_t i = 0; i < l->count; i++) {
        const struct corv_schema_choice *c = &l->choices[i];
        const struct corv_schema_set *set = set_of(l, c);
        bool now = in_force(l, c);
        char kinds[512], from[16], until[16];
        const char *cells[] = {set ? set->name : c->set, kinds, c->party ? c->party : "alle", from,
            until, now ? "geldt" : "geldt niet"};

        kinds_text(c->kinds, kinds, sizeof kinds);
        (void)corv_manifest_day(c->from, from);
        (void)corv_manifest_day(c->until, until);
        corv_ctl_table_add(&t, now ? CORV_TONE_GOOD : CORV_TONE_DIM, cells);
    }
    corv_ctl_printf(l->ctl, "\n");
    corv_ctl_table_end(l->ctl, &t);
}

static void say(const struct listing *l)
{
    sets_table(l);
    if (l->count)
        choices_table(l);
    if (l->choices)
        corv_ctl_printf(l->ctl,
            l->count
                ? "\nWaar geen keuze geldt, gelden de schema's van corvd zelf (eigen).\n"
                : "\nDe configuratie kiest geen set: overal gelden de schema's van corvd zelf.\n");
}

int corv_verb_schemas_list(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *given = NULL, *state = NULL;
    const struct corv_ctl_option options[] = {{"--state-dir", &given}, {NULL, NULL}};
    struct listing l = {.ctl = ctl, .today = corv_clock_day(corv_clock_us())};
    struct corv_fault fault = {0};
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 0, 0) ||
        !corv_ctl_state_dir(ctl, given, &state))
        return CORV_CTL_ERROR;
    rc = corv_schema_store_read(state, &l.store, &fault);
    if (rc == CORV_OK && !given) {
        l.choices = corv_judge_choices(ctl->config);
        l.count = l.choices ? ctl->config->schemas_count : 0;
        rc = l.choices ? CORV_OK : CORV_E_NOMEM;
        count_from_the_sets_day(&l);
    }
    if (rc == CORV_OK && ctl->json)
        say_json(&l);
    else if (rc == CORV_OK)
        say(&l);
    corv_schema_store_free(&l.store);
    free(l.choices);
    return rc == CORV_OK ? CORV_CTL_YES : corv_ctl_fault(ctl, rc, &fault);
}
