/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/reference.h"

#include <stdlib.h>

static int compare(struct corv_view a, const char *b)
{
    size_t n = strlen(b);
    int order = memcmp(a.p ? a.p : "", b, a.n < n ? a.n : n);

    return order ? order : (a.n > n) - (a.n < n);
}

const struct corv_instance *corv_reference_by_code(
    const struct corv_reference *r, struct corv_view code)
{
    size_t low = 0, high = r->instances_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(code, r->instances[mid].code);

        if (order == 0)
            return &r->instances[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const struct corv_instance *corv_reference_by_oin(
    const struct corv_reference *r, struct corv_view oin, int day)
{
    const struct corv_instance *found = NULL;

    for (size_t i = 0; oin.n && i < r->instances_count; i++)
        if (corv_view_is(oin, r->instances[i].oin)) {
            if (corv_instance_valid(&r->instances[i], day))
                return &r->instances[i];
            found = &r->instances[i];
        }
    return found;
}

bool corv_instance_valid(const struct corv_instance *i, int day)
{
    return i->until == 0 || day <= i->until;
}

bool corv_reference_role_known(const struct corv_reference *r, struct corv_view name, int day)
{
    for (size_t i = 0; i < r->roles_count; i++)
        if (corv_view_is(name, r->roles[i].name) &&
            (r->roles[i].until == 0 || day <= r->roles[i].until))
            return true;
    return false;
}
