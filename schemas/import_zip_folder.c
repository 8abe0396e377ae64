/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/import_zip_folder.h"

#include <fts.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#define FILES_MOST 1000
#define BYTES_MOST (64u << 20) /* as the reader of zips keeps */

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static corv_rc unreadable(struct corv_fault *fault)
{
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "import.folder",
        "Iets in de map met schema's is niet te lezen.");
}

/* The path below the folder; root has no slash at its end. */
static const char *name_below(const char *path, const char *root)
{
    const char *name = path + strlen(root);

    while (*name == '/')
        name++;
    return name;
}

static corv_rc add_file(zip_t *zip, const FTSENT *file, const char *root, struct corv_fault *fault)
{
    zip_source_t *source = zip_source_file(zip, file->fts_accpath, 0, -1);

    if (source &&
        zip_file_add(zip, name_below(file->fts_path, root), source, ZIP_FL_ENC_UTF_8) >= 0)
        return CORV_OK;
    zip_source_free(source);
    return unreadable(fault);
}

static corv_rc add_all(zip_t *zip, FTS *walk, const char *root, struct corv_fault *fault)
{
    size_t files = 0, bytes = 0;
    corv_rc rc = CORV_OK;
    FTSENT *f;

    while (rc == CORV_OK && (f = fts_read(walk))) {
        if (f->fts_info == FTS_DNR || f->fts_info == FTS_ERR || f->fts_info == FTS_NS)
            rc = unreadable(fault);
        if (rc != CORV_OK || f->fts_info != FTS_F)
            continue;
        bytes += (size_t)f->fts_statp->st_size;
        if (++files > FILES_MOST || bytes > BYTES_MOST)
            rc = CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "import.zip-size",
                "In de map staat te veel voor een schemaset.");
        else
            rc = add_file(zip, f, root, fault);
    }
    if (rc == CORV_OK && files == 0) /* libzip makes no archive of nothing */
        rc = CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "import.no-messages",
            "In deze map staan geen schema's van berichten die corvd kent.");
    return rc;
}

static corv_rc take_bytes(zip_source_t *source, struct corv_buf *out)
{
    char piece[16384];
    zip_int64_t n = 0;
    corv_rc rc = zip_source_open(source) == 0 ? CORV_OK : CORV_E_IO;

    if (rc != CORV_OK)
        return rc;
    while (rc == CORV_OK && (n = zip_source_read(source, piece, sizeof piece)) > 0)
        rc = corv_buf_add(out, piece, (size_t)n);
    (void)zip_source_close(source);
    return rc == CORV_OK && n < 0 ? CORV_E_IO : rc;
}

static corv_rc pack(FTS *walk, const char *root, struct corv_buf *out, struct corv_fault *fault)
{
    zip_source_t *memory = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *zip = memory ? zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, NULL) : NULL;
    corv_rc rc;

    if (!zip) {
        zip_source_free(memory);
        return CORV_E_NOMEM;
    }
    zip_source_keep(memory); /* it outlives the archive, which reads the files when it closes */
    rc = add_all(zip, walk, root, fault);
    if (rc == CORV_OK && zip_close(zip) != 0)
        rc = unreadable(fault);
    if (rc != CORV_OK)
        zip_discard(zip);
    else if (take_bytes(memory, out) != CORV_OK)
        rc = unreadable(fault);
    zip_source_free(memory);
    return rc;
}

corv_rc corv_archive_pack_folder(const char *folder, struct corv_buf *zip, struct corv_fault *fault)
{
    char *const paths[] = {(char *)folder, NULL};
    struct stat st;
    FTS *walk;
    corv_rc rc;

    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return CORV_FAIL(fault, CORV_E_NOTFOUND, CORV_FAULT_SETTINGS, "import.folder",
            "Die map met schema's is er niet.");
    walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
    if (!walk)
        return CORV_E_NOMEM;
    rc = pack(walk, folder, zip, fault);
    (void)fts_close(walk);
    return rc;
}
