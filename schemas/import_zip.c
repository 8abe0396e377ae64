/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/import_zip.h"

#include <stdlib.h>
#include <zip.h>

#define NAME_MOST 200
#define LEAST     22 /* bytes of the smallest zip */

struct unpack {
    zip_t *zip;
    const struct corv_archive_limits *limits;
    struct corv_archive *out;
    struct corv_fault *fault;
    size_t total;
};

static corv_rc refuse(struct unpack *u, const char *code, const char *why)
{
    (void)CORV_FAIL(u->fault, CORV_E_INVALID, CORV_FAULT_SENDER, code, "%s", why);
    return CORV_E_INVALID;
}

static corv_rc no_memory(struct corv_fault *fault)
{
    (void)CORV_FAIL(
        fault, CORV_E_NOMEM, CORV_FAULT_BUG, "import.memory", "Er is te weinig geheugen.");
    return CORV_E_NOMEM;
}

bool corv_archive_name_safe(char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c < 0x20 || c == 0x7F || c == ':')
            return false;
        if (c == '\\')
            name[i] = '/';
    }
    if (n == 0 || n > NAME_MOST || name[0] == '/')
        return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strcmp(part, "..") == 0 || strncmp(part, "../", 3) == 0)
            return false;
    }
    return true;
}

/* Reads the whole entry; the declared size is a claim, the limits are ours. */
static corv_rc read_entry(struct unpack *u, const zip_stat_t *st, char **bytes)
{
    zip_file_t *f = zip_fopen_index(u->zip, st->index, 0);
    size_t size = (size_t)st->size, have = 0;
    zip_int64_t n = 0;
    char more;
    corv_rc rc = CORV_OK;

    if (!f)
        return refuse(u, "import.zip-entry", "Een bestand in de zip is niet te lezen.");
    *bytes = malloc(size + 1);
    if (!*bytes)
        rc = no_memory(u->fault);
    while (rc == CORV_OK && have < size && (n = zip_fread(f, *bytes + have, size - have)) > 0)
        have += (size_t)n;
    if (rc == CORV_OK && (n < 0 || have != size || zip_fread(f, &more, 1) != 0))
        rc = refuse(u, "import.zip-entry", "Een bestand in de zip is beschadigd.");
    if (rc == CORV_OK)
        (*bytes)[size] = '\0';
    (void)zip_fclose(f);
    return rc;
}

static corv_rc check_entry(struct unpack *u, const zip_stat_t *st)
{
    if (!(st->valid & ZIP_STAT_SIZE) || !(st->valid & ZIP_STAT_COMP_SIZE))
        return refuse(u, "import.zip-entry", "Van een bestand in de zip is de grootte onbekend.");
    if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) && st->encryption_method != ZIP_EM_NONE)
        return refuse(u, "import.zip-encrypted", "De zip is met een wachtwoord beveiligd.");
    if (st->size > u->limits->entry_bytes || st->size > u->limits->total_bytes - u->total)
        return refuse(u, "import.zip-size", "De zip is uitgepakt te groot.");
    if (st->size / u->limits->ratio > st->comp_size)
        return refuse(u, "import.zip-ratio", "Een bestand in de zip is verdacht sterk ingepakt.");
    return CORV_OK;
}

static corv_rc keep_entry(struct unpack *u, const zip_stat_t *st, const char *name)
{
    struct corv_archive_file *file = &u->out->files[u->out->count];
    corv_rc rc = check_entry(u, st);

    if (rc != CORV_OK)
        return rc;
    if (corv_archive_find(u->out, name))
        return refuse(u, "import.zip-twice", "In de zip staan twee bestanden met dezelfde naam.");
    *file = (struct corv_archive_file){.name = strdup(name), .size = (size_t)st->size};
    u->out->count++;
    if (!file->name)
        return no_memory(u->fault);
    u->total += file->size;
    return read_entry(u, st, &file->bytes);
}

static corv_rc take_entry(struct unpack *u, zip_uint64_t index, bool (*wanted)(const char *name))
{
    zip_stat_t st;
    char *name;
    corv_rc rc = CORV_OK;

    zip_stat_init(&st);
    if (zip_stat_index(u->zip, index, ZIP_FL_ENC_GUESS, &st) != 0 || !st.name)
        return refuse(u, "import.zip-entry", "De inhoudsopgave van de zip is beschadigd.");
    name = strdup(st.name);
    if (!name)
        return no_memory(u->fault);
    if (!corv_archive_name_safe(name))
        rc = refuse(u, "import.zip-name", "Een bestandsnaam in de zip wijst buiten de zip.");
    else if (name[strlen(name) - 1] == '/')
        rc = CORV_OK; /* a folder */
    else if (!wanted(name))
        u->out->skipped++;
    else
        rc = keep_entry(u, &st, name);
    free(name);
    return rc;
}

static corv_rc open_zip(struct unpack *u, struct corv_view bytes)
{
    zip_error_t error;
    zip_source_t *source;

    if (bytes.n < LEAST) /* libzip takes nothing for an empty archive */
        return refuse(u, "import.no-zip", "Dit bestand is geen zip.");
    zip_error_init(&error);
    source = zip_source_buffer_create(bytes.p, bytes.n, 0, &error);
    u->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!u->zip)
        zip_source_free(source);
    zip_error_fini(&error);
    return u->zip ? CORV_OK : refuse(u, "import.no-zip", "Dit bestand is geen zip.");
}

corv_rc corv_archive_read(struct corv_view zip, bool (*wanted)(const char *name),
    const struct corv_archive_limits *limits, struct corv_archive *out, struct corv_fault *fault)
{
    struct unpack u = {.limits = limits, .out = out, .fault = fault};
    zip_int64_t entries = 0;
    corv_rc rc;

    *out = (struct corv_archive){0};
    rc = open_zip(&u, zip);
    if (rc == CORV_OK)
        entries = zip_get_num_entries(u.zip, 0);
    if (rc == CORV_OK && (entries < 0 || (size_t)entries > limits->entries))
        rc = refuse(&u, "import.zip-size", "In de zip staan te veel bestanden.");
    if (rc == CORV_OK) {
        out->files = calloc((size_t)entries + 1, sizeof *out->files);
        if (!out->files)
            rc = no_memory(fault);
    }
    for (zip_int64_t i = 0; i < entries && rc == CORV_OK; i++)
        rc = take_entry(&u, (zip_uint64_t)i, wanted);
    if (u.zip)
        zip_discard(u.zip);
    if (rc != CORV_OK)
        corv_archive_free(out);
    return rc;
}

void corv_archive_free(struct corv_archive *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++) {
        free(a->files[i].name);
        free(a->files[i].bytes);
    }
    free(a->files);
    *a = (struct corv_archive){0};
}

struct corv_archive_file *corv_archive_find(const struct corv_archive *a, const char *name)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->files[i].name && strcmp(a->files[i].name, name) == 0)
            return &a->files[i];
    return NULL;
}
