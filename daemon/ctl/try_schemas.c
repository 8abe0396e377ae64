/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/try_schemas.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/ctl/import.h"
#include "schemas/import.h"
#include "schemas/import_zip_folder.h"
#include "schemas/store_files.h"

#define TRIED_NAME "proef"

static corv_rc read_set(const char *where, struct corv_buf *zip, struct corv_fault *fault)
{
    struct stat st;
    corv_rc rc;

    if (stat(where, &st) == 0 && S_ISDIR(st.st_mode))
        return corv_archive_pack_folder(where, zip, fault);
    rc = corv_store_slurp(where, CORV_IMPORT_ZIP_MOST, zip);
    return rc == CORV_OK ? rc
                         : CORV_FAIL(fault, rc, CORV_FAULT_SETTINGS, "ctl.file",
                               "De schemaset achter --schemas is niet te lezen.");
}

static corv_rc judge_from(const char *state, const char *where, const struct corv_buf *zip,
    bool no_rules, struct corv_judge **out, struct corv_fault *fault)
{
    const struct corv_schema_choice choice = {.set = TRIED_NAME};
    const struct corv_judge_options o = {
        .state_dir = state, .choices = &choice, .choices_count = 1, .no_rules = no_rules};
    const struct corv_import_request r = {.state_dir = state,
        .source = corv_ctl_base_name(where),
        .zip = corv_buf_view(zip),
        .name = TRIED_NAME};
    struct corv_schema_set *set = NULL;
    bool already = false;
    corv_rc rc = corv_schemas_import(&r, &set, &already, fault);

    corv_schema_set_free(set);
    return rc == CORV_OK ? corv_judge_new(&o, out, fault) : rc;
}

corv_rc corv_ctl_try_schemas(
    const char *where, bool no_rules, struct corv_judge **out, struct corv_fault *fault)
{
    const char *tmp = getenv("TMPDIR");
    char folder[CORV_STORE_PATH];
    struct corv_buf zip;
    corv_rc rc = corv_store_path(folder, tmp && *tmp ? tmp : "/tmp", "corvctl-XXXXXX", NULL);

    *out = NULL;
    corv_buf_init(&zip, CORV_IMPORT_ZIP_MOST + 2);
    if (rc == CORV_OK)
        rc = read_set(where, &zip, fault);
    if (rc != CORV_OK)
        goto out;
    if (!mkdtemp(folder)) {
        rc = CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "ctl.file",
            "Er kan geen tijdelijke map worden gemaakt; zet TMPDIR op een map met ruimte.");
        goto out;
    }
    rc = judge_from(folder, where, &zip, no_rules, out, fault);
    corv_store_remove(folder);
out:
    corv_buf_free(&zip);
    return rc;
}
