/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/config_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/parties_index.h"
#include "daemon/base/buf.h"
#include "daemon/base/digest.h"

#define ARENA_BYTES ((size_t)256 << 20) /* the tree of the largest file fits */

struct box {
    struct corv_config c; /* first: a configuration is its box */
    unsigned references;
    struct corv_arena arena;
};

struct corv_config *corv_config_hold(struct corv_config *c)
{
    ((struct box *)c)->references++;
    return c;
}

void corv_config_free(struct corv_config *c)
{
    struct box *b = (struct box *)c;

    if (!b || --b->references > 0)
        return;
    corv_arena_free(&b->arena);
    free(b);
}

/* ---- sections ---- */

#define TAKE_TEXT    corv_take_text
#define TAKE_NAME    corv_take_name
#define TAKE_FILE    corv_take_file
#define TAKE_PATH    corv_take_path
#define TAKE_ADDRESS corv_take_address
#define TAKE_OIN     corv_take_oin
#define TAKE_LEVEL   corv_take_level
#define TAKE_BOOL    corv_take_bool
#define TAKE_NUMBER  corv_take_number
#define TAKE_BYTES   corv_take_bytes
#define TAKE(place, key, type, ...)                                                                \
    TAKE_##type(r, CORV_CELL(place, key, node, raw->key), &c->place.key);

static void read_top(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_config *raw, struct corv_config *c)
{
#define CORV_TOP(key, type, ...) TAKE_##type(r, CORV_CELL(top, key, node, raw->key), &c->key);
#include "config/settings.def"
}

static void read_listen(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_listen *raw, struct corv_config *c)
{
#define CORV_LISTEN(...) TAKE(listen, __VA_ARGS__)
#include "config/settings.def"
}

static void read_admin(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_admin *raw, struct corv_config *c)
{
#define CORV_ADMIN(...) TAKE(admin, __VA_ARGS__)
#include "config/settings.def"
}

static void read_limits(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_limits *raw, struct corv_config *c)
{
#define CORV_LIMITS(...) TAKE(limits, __VA_ARGS__)
#include "config/settings.def"
}

static void read_delivery(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_delivery *raw, struct corv_config *c)
{
#define CORV_DELIVERY(...) TAKE(delivery, __VA_ARGS__)
#include "config/settings.def"
}

static void read_retention(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_retention *raw, struct corv_config *c)
{
#define CORV_RETENTION(...) TAKE(retention, __VA_ARGS__)
#include "config/settings.def"
}

static void read_alarms(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_alarms *raw, struct corv_config *c)
{
#define CORV_ALARMS(...) TAKE(alarms, __VA_ARGS__)
#include "config/settings.def"
}

/* "auto": what only the machine knows. */
static void fill_in(struct corv_reader *r, struct corv_config *c)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    char host[256] = "";
    size_t n = 0;

    if (!c->oin)
        c->oin = "";
    if (c->workers == 0)
        c->workers = processors > 2 ? (unsigned)processors : 2; /* a large one blocks one of them */
    if (!c->node || strcmp(c->node, "auto") != 0)
        return;
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    for (; host[n] && host[n] != '.' && n < 40; n++) {
        if (host[n] >= 'A' && host[n] <= 'Z')
            host[n] = (char)(host[n] | 0x20);
        else if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789", host[n]))
            host[n] = '-';
    }
    c->node = corv_arena_text(r->arena, n ? corv_view_of(host, n) : corv_view_str("corvd"));
    r->nomem = r->nomem || !c->node;
}

static corv_rc read_all(struct corv_reader *r, const struct corv_tree *root,
    const struct raw_config *raw, struct corv_config *c)
{
    static const struct raw_listen no_listen;
    static const struct raw_admin no_admin;
    static const struct raw_limits no_limits;
    static const struct raw_delivery no_delivery;
    static const struct raw_retention no_retention;
    static const struct raw_alarms no_alarms;

    read_top(r, root, raw, c);
    read_listen(r, corv_tree_get(root, "listen"), raw->listen ? raw->listen : &no_listen, c);
    read_admin(r, corv_tree_get(root, "admin"), raw->admin ? raw->admin : &no_admin, c);
    read_limits(r, corv_tree_get(root, "limits"), raw->limits ? raw->limits : &no_limits, c);
    read_delivery(
        r, corv_tree_get(root, "delivery"), raw->delivery ? raw->delivery : &no_delivery, c);
    read_retention(
        r, corv_tree_get(root, "retention"), raw->retention ? raw->retention : &no_retention, c);
    read_alarms(r, corv_tree_get(root, "alarms"), raw->alarms ? raw->alarms : &no_alarms, c);
    fill_in(r, c);
    return corv_read_lists(r, c, raw, root);
}

/* ---- the whole ---- */

/* The folder of the file with a slash at the end, absolute, so that nobody's chdir matters. */
static char *folder_of(struct corv_arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;
    char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    size_t lead = here ? strlen(here) : 0;
    char *out = corv_arena_new(a, lead + 1 + n + 1, 1);

    if (out && here)
        (void)snprintf(out, lead + 1 + n + 1, "%s/%.*s", here, (int)n, path);
    else if (out)
        memcpy(out, path, n);
    free(here);
    return out;
}

static corv_rc digest_of(struct corv_view bytes, struct corv_config *c)
{
    struct corv_digest d;
    corv_rc rc = corv_digest_of(&bytes, 1, &d);

    if (rc == CORV_OK)
        (void)corv_digest_text(&d, c->digest);
    return rc;
}

static corv_rc build(
    struct box *b, const char *path, struct corv_view bytes, struct corv_findings *findings)
{
    struct corv_reader r = {.arena = &b->arena, .findings = findings};
    const struct corv_tree *root = NULL;
    const struct raw_config *raw = NULL;
    size_t errors = findings->errors;

    b->c.path = corv_arena_text(&b->arena, corv_view_str(path));
    r.folder = folder_of(&b->arena, path);
    if (!b->c.path || !r.folder)
        return CORV_E_NOMEM;

    corv_rc rc = digest_of(bytes, &b->c);

    if (rc == CORV_OK)
        rc = corv_tree_read(&b->arena, bytes, &root, findings);
    if (rc == CORV_OK)
        rc = corv_raw_shape(root, findings);
    if (rc == CORV_OK)
        rc = corv_raw_load(&b->arena, bytes, &raw, findings);
    if (rc == CORV_OK)
        rc = read_all(&r, root, raw, &b->c);
    if (rc == CORV_OK)
        rc = corv_parties_index_new(&b->arena, &b->c, &b->c.index);
    if (rc == CORV_OK)
        corv_config_check(&b->c, root, findings);
    return rc == CORV_OK && findings->errors > errors ? CORV_E_INVALID : rc;
}

static void out_of_memory(struct corv_findings *findings)
{
    corv_tree_error(findings, NULL, "config.memory", "Er is te weinig geheugen voor dit bestand.");
}

corv_rc corv_config_read(const char *path, struct corv_view bytes, struct corv_config **out,
    struct corv_findings *findings)
{
    struct box *b = NULL;

    *out = NULL;
    if (bytes.n > CORV_CONFIG_BYTES) {
        corv_tree_error(findings, NULL, "config.too-large", "Het bestand is groter dan %u MiB.",
            CORV_CONFIG_BYTES >> 20);
        return CORV_E_LIMIT;
    }
    b = calloc(1, sizeof *b);
    if (!b) {
        out_of_memory(findings);
        return CORV_E_NOMEM;
    }
    b->references = 1;
    corv_arena_init(&b->arena, ARENA_BYTES);

    corv_rc rc = build(b, path, bytes, findings);

    if (rc == CORV_OK) {
        *out = &b->c;
        return CORV_OK;
    }
    if (rc == CORV_E_NOMEM)
        out_of_memory(findings);
    corv_config_free(&b->c);
    return rc;
}

static corv_rc slurp(int fd, struct corv_buf *bytes)
{
    char piece[16384];
    ssize_t n = 0;

    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CORV_E_IO;
        corv_rc rc = corv_buf_add(bytes, piece, (size_t)n);

        if (rc != CORV_OK)
            return rc;
    }
    return CORV_OK;
}

corv_rc corv_config_load(const char *path, struct corv_config **out, struct corv_findings *findings)
{
    struct corv_buf bytes;
    struct stat st;
    corv_rc rc = CORV_E_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    *out = NULL;
    corv_buf_init(&bytes, CORV_CONFIG_BYTES + 1); /* one more, so that too large is seen */
    if (fd < 0 || fstat(fd, &st) != 0) {
        corv_tree_error(findings, NULL, "config.unreadable",
            "Het instellingenbestand is niet te openen: bestaat het, en mag corvd het lezen?");
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        corv_tree_error(
            findings, NULL, "config.unreadable", "Het instellingenbestand is geen gewoon bestand.");
        goto out;
    }
    rc = st.st_size > (off_t)CORV_CONFIG_BYTES ? CORV_E_LIMIT : slurp(fd, &bytes);
    if (rc == CORV_E_LIMIT)
        corv_tree_error(findings, NULL, "config.too-large", "Het bestand is groter dan %u MiB.",
            CORV_CONFIG_BYTES >> 20);
    else if (rc != CORV_OK)
        corv_tree_error(findings, NULL, "config.unreadable",
            "Het lezen van het instellingenbestand is niet gelukt.");
    else
        rc = corv_config_read(path, corv_buf_view(&bytes), out, findings);
out:
    if (fd >= 0)
        (void)close(fd);
    corv_buf_free(&bytes);
    return rc;
}
