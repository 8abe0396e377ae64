/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/parties.h"

#include "config/parties_index.h"

static const char *const role_names[CORV_ROLE_COUNT] = {
    [CORV_ROLE_GEMEENTE] = "gemeente",
    [CORV_ROLE_GEMANDATEERDE] = "gemandateerde",
    [CORV_ROLE_VEILIG_THUIS] = "veilig-thuis",
    [CORV_ROLE_GI] = "gi",
    [CORV_ROLE_RAAD] = "raad",
    [CORV_ROLE_POLITIE] = "politie",
    [CORV_ROLE_HALT] = "halt",
    [CORV_ROLE_OM] = "om",
    [CORV_ROLE_RECHTBANK] = "rechtbank",
    [CORV_ROLE_VEILIGHEIDSTEAM] = "veiligheidsteam",
};

const char *corv_role_name(enum corv_role role)
{
    return (unsigned)role < CORV_ROLE_COUNT ? role_names[role] : "?";
}

corv_rc corv_role_read(const char *name, enum corv_role *role)
{
    for (unsigned i = 0; i < CORV_ROLE_COUNT; i++) {
        if (strcmp(name, role_names[i]) == 0) {
            *role = (enum corv_role)i;
            return CORV_OK;
        }
    }
    return CORV_E_NOTFOUND;
}

bool corv_period_has(const struct corv_period *p, int day)
{
    return (p->from == 0 || p->from <= day) && (p->until == 0 || day <= p->until);
}

bool corv_party_valid(const struct corv_party *p, int day)
{
    return corv_period_has(&p->period, day);
}

bool corv_party_has_role(const struct corv_party *p, enum corv_role role, int day)
{
    if (!corv_party_valid(p, day))
        return false;
    for (unsigned i = 0; i < p->roles_count; i++)
        if (p->roles[i].role == role && corv_period_has(&p->roles[i].period, day))
            return true;
    return false;
}

const struct corv_party *corv_party_by_id(const struct corv_config *c, const char *id)
{
    const struct corv_keyed *row = corv_keyed_find(&c->index->by_id, corv_view_str(id));

    return row ? row->party : NULL;
}

const struct corv_party *corv_party_by_oin(
    const struct corv_config *c, struct corv_view oin, int day)
{
    const struct corv_keyed_table *t = &c->index->by_oin;

    for (const struct corv_keyed *row = corv_keyed_find(t, oin); row; row = corv_keyed_next(t, row))
        if (corv_party_valid(row->party, day))
            return row->party;
    return NULL;
}

const struct corv_party *corv_party_by_oin_ever(const struct corv_config *c, struct corv_view oin)
{
    const struct corv_keyed_table *t = &c->index->by_oin;
    const struct corv_party *last = NULL;

    for (const struct corv_keyed *row = corv_keyed_find(t, oin); row; row = corv_keyed_next(t, row))
        if (!last || row->party->period.from > last->period.from)
            last = row->party;
    return last;
}

const struct corv_party *corv_party_by_role(
    const struct corv_config *c, enum corv_role role, int day, unsigned *count)
{
    const struct corv_party *found = NULL;

    *count = 0;
    for (unsigned i = 0; i < c->parties_count; i++) {
        if (!corv_party_has_role(&c->parties[i], role, day))
            continue;
        found = &c->parties[i];
        ++*count;
    }
    return *count == 1 ? found : NULL;
}

bool corv_party_acts_for(const struct corv_party *p, const struct corv_party *other)
{
    for (unsigned i = 0; i < p->acts_for_count; i++)
        if (strcmp(p->acts_for[i], other->id) == 0)
            return true;
    return false;
}

const struct corv_party *corv_gemeente_by_woonplaats(
    const struct corv_config *c, struct corv_view place, int day, unsigned *count)
{
    const struct corv_keyed_table *t = &c->index->by_place;
    const struct corv_keyed *row = NULL;
    const struct corv_party *found = NULL;
    char folded[CORV_PLACE_BYTES];

    *count = 0;
    if (corv_place_fold(place, folded) != CORV_OK)
        return NULL;
    for (row = corv_keyed_find(t, corv_view_str(folded)); row; row = corv_keyed_next(t, row)) {
        if (row->party == found || !corv_party_has_role(row->party, CORV_ROLE_GEMEENTE, day))
            continue;
        found = row->party;
        ++*count;
    }
    return *count == 1 ? found : NULL;
}

const struct corv_party *corv_gemeente_by_code(
    const struct corv_config *c, struct corv_view code, int day)
{
    for (unsigned i = 0; i < c->parties_count; i++) {
        const struct corv_party *p = &c->parties[i];

        if (p->gemeentecode && corv_view_is(code, p->gemeentecode) &&
            corv_party_has_role(p, CORV_ROLE_GEMEENTE, day))
            return p;
    }
    return NULL;
}

static bool names_kind(const struct corv_mandate *m, const char *kind)
{
    for (unsigned i = 0; i < m->kinds_count; i++)
        if (strcmp(m->kinds[i], kind) == 0)
            return true;
    return false;
}

const struct corv_mandate *corv_mandate_find(const struct corv_config *c,
    const struct corv_party *party, const struct corv_party *gemeente, const char *kind, int day)
{
    for (unsigned i = 0; i < c->mandates_count; i++) {
        const struct corv_mandate *m = &c->mandates[i];

        if (strcmp(m->party, party->id) != 0)
            continue;
        if (gemeente && strcmp(m->gemeente, gemeente->id) != 0)
            continue;
        if (corv_period_has(&m->period, day) && names_kind(m, kind))
            return m;
    }
    return NULL;
}
