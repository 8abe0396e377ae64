/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/store_shelf.h"

#include <stdlib.h>

#include "daemon/base/embedded.h"
#include "schemas/verdict.h"

extern const struct corv_embedded corv_embedded_xsd[]; /* made by cmake/embed.cmake */

struct place {
    char *set;   /* owned: name, CORV_SCHEMA_OWN for ours */
    char *party; /* owned, or NULL */
    char hash[CORV_DIGEST_TEXT];
    struct corv_schemas *schemas; /* owned by the first place with it; borrowed by later ones */
};

struct corv_schema_shelf {
    struct corv_schemas *own; /* owned */
    char own_hash[CORV_DIGEST_TEXT];
    struct corv_schema_choice *choices; /* owned: as resolved against the sets */
    struct place *places;               /* owned, one per choice */
    size_t count;
};

static corv_rc no_memory(struct corv_fault *fault)
{
    (void)CORV_FAIL(
        fault, CORV_E_NOMEM, CORV_FAULT_BUG, "schemas.memory", "Er is te weinig geheugen.");
    return CORV_E_NOMEM;
}

/* The choice with what the set itself says: it cannot judge more kinds, nor before its day. */
static corv_rc resolve(
    struct corv_schema_choice *c, const struct corv_schema_set *set, struct corv_fault *fault)
{
    if (c->kinds & ~set->kinds)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "schemas.kinds",
            "Schemaset %.60s is gekozen voor een berichtsoort die er niet in staat.", set->name);
    if (!c->kinds)
        c->kinds = set->kinds;
    if (set->from > c->from)
        c->from = set->from;
    return CORV_OK;
}

/* The compiled set of an earlier choice, or NULL. */
static struct corv_schemas *compiled_before(const struct corv_schema_shelf *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->places[i].schemas && strcmp(s->places[i].set, name) == 0)
            return s->places[i].schemas;
    return NULL;
}

static corv_rc put(struct corv_schema_shelf *s, const char *state_dir,
    const struct corv_schema_store *store, const struct corv_schema_choice *choice,
    struct corv_fault *fault)
{
    struct corv_schema_choice *c = &s->choices[s->count];
    struct place *p = &s->places[s->count];
    const struct corv_schema_set *set = corv_schema_store_find(store, choice->set);
    struct corv_schemas *schemas = NULL;
    bool own = strcmp(choice->set, CORV_SCHEMA_OWN) == 0;
    corv_rc rc = CORV_OK;

    if (!own && !set)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "schemas.unknown",
            "Schemaset %.60s is niet geïmporteerd.", choice->set);
    *c = *choice;
    if (set)
        rc = resolve(c, set, fault);
    if (rc == CORV_OK && set) {
        schemas = compiled_before(s, set->name);
        if (!schemas)
            rc = corv_schema_set_compile(state_dir, set, &schemas, fault);
    }
    if (rc != CORV_OK)
        return rc;
    *p = (struct place){.set = strdup(own ? CORV_SCHEMA_OWN : set->name),
        .party = choice->party ? strdup(choice->party) : NULL,
        .schemas = schemas};
    memcpy(p->hash, own ? s->own_hash : set->hash, sizeof p->hash);
    s->count++;
    c->set = p->set;
    c->party = p->party;
    return p->set && (p->party || !choice->party) ? CORV_OK : no_memory(fault);
}

corv_rc corv_schema_shelf_new(const char *state_dir, const struct corv_schema_choice *choices,
    size_t count, struct corv_schema_shelf **out, struct corv_fault *fault)
{
    struct corv_schema_shelf *s = calloc(1, sizeof *s);
    struct corv_schema_store store = {0};
    corv_rc rc;

    *out = NULL;
    if (!s)
        return no_memory(fault);
    s->choices = calloc(count + 1, sizeof *s->choices);
    s->places = calloc(count + 1, sizeof *s->places);
    rc = s->choices && s->places ? corv_schemas_new(&s->own, fault) : no_memory(fault);
    if (rc == CORV_OK && corv_embedded_digest(corv_embedded_xsd, s->own_hash) != CORV_OK)
        rc = no_memory(fault);
    if (rc == CORV_OK && count)
        rc = corv_schema_store_read(state_dir, &store, fault);
    for (size_t i = 0; i < count && rc == CORV_OK; i++)
        rc = put(s, state_dir, &store, &choices[i], fault);
    corv_schema_store_free(&store);
    if (rc == CORV_OK) {
        *out = s;
        return CORV_OK;
    }
    corv_schema_shelf_free(s);
    return rc;
}

void corv_schema_shelf_free(struct corv_schema_shelf *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        for (size_t later = i + 1; later < s->count; later++)
            if (s->places[later].schemas == s->places[i].schemas)
                s->places[later].schemas = NULL;
        corv_schemas_free(s->places[i].schemas);
        free(s->places[i].set);
        free(s->places[i].party);
    }
    corv_schemas_free(s->own);
    free(s->choices);
    free(s->places);
    free(s);
}

static const struct place *pick(
    const struct corv_schema_shelf *s, enum corv_kind kind, const char *party, int day)
{
    const struct corv_schema_choice *c = corv_schema_choose(s->choices, s->count, kind, party, day);

    return c ? &s->places[c - s->choices] : NULL;
}

const struct corv_schemas *corv_schema_shelf_pick(
    const struct corv_schema_shelf *s, enum corv_kind kind, const char *party, int day)
{
    const struct place *p = pick(s, kind, party, day);

    return p && p->schemas ? p->schemas : s->own;
}

const char *corv_schema_shelf_name(
    const struct corv_schema_shelf *s, enum corv_kind kind, const char *party, int day)
{
    const struct place *p = pick(s, kind, party, day);

    return p ? p->set : CORV_SCHEMA_OWN;
}

const char *corv_schema_shelf_hash(
    const struct corv_schema_shelf *s, enum corv_kind kind, const char *party, int day)
{
    const struct place *p = pick(s, kind, party, day);

    return p ? p->hash : s->own_hash;
}
