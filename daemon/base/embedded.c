/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/embedded.h"

#include <stdlib.h>

corv_rc corv_embedded_digest(const struct corv_embedded *files, char out[CORV_DIGEST_TEXT])
{
    struct corv_digest digest;
    size_t count = 0;

    while (files[count].name)
        count++;

    struct corv_view *parts = calloc(2 * count + 1, sizeof *parts);
    corv_rc rc = CORV_E_NOMEM;

    for (size_t i = 0; parts && i < count; i++) {
        parts[2 * i] = corv_view_str(files[i].name);
        parts[2 * i + 1] = corv_view_of(files[i].bytes, files[i].size);
    }
    if (parts)
        rc = corv_digest_fields(parts, 2 * count, &digest);
    if (rc == CORV_OK)
        (void)corv_digest_text(&digest, out);
    free(parts);
    return rc;
}
