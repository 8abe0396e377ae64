/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/store.h"

static bool fits(
    const struct corv_schema_choice *c, enum corv_kind kind, const char *party, int day)
{
    if (day < c->from || (c->until && day > c->until))
        return false;
    if (c->kinds && !(c->kinds >> kind & 1))
        return false;
    return !c->party || (party && strcmp(c->party, party) == 0);
}

static bool goes_before(const struct corv_schema_choice *a, const struct corv_schema_choice *b)
{
    if (!a->party != !b->party)
        return a->party != NULL;
    return a->from >= b->from;
}

const struct corv_schema_choice *corv_schema_choose(const struct corv_schema_choice *choices,
    size_t count, enum corv_kind kind, const char *party, int day)
{
    const struct corv_schema_choice *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (fits(&choices[i], kind, party, day) && (!best || goes_before(&choices[i], best)))
            best = &choices[i];
    return best;
}
