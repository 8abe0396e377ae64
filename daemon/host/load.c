/* SPDX-License-Identifier: EUPL-1.2 */
/* Loading a plug-in: each check in its order, each failure one sentence with path and expected
 * value. Nothing of the file is run before its owner and mode are known to be good. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/dai/dai.h"
#include "adapters/dropdir/dropdir.h"
#include "adapters/https/https.h"
#include "adapters/loopback/loopback.h"
#include "adapters/process/process.h"
#include "daemon/host/internal.h"

#define BUILTIN "builtin:"

static const struct {
    const char *name;
    corv_adapter_entry_fn entry;
} builtins[] = {
    {"dai", corv_dai_entry},
    {"dropdir", corv_dropdir_entry},
    {"https", corv_https_entry},
    {"loopback", corv_loopback_entry},
    {"process", corv_process_entry},
};

#define REFUSE(f, code, ...)                                                                       \
    ((void)CORV_FAIL((f), CORV_E_INVALID, CORV_FAULT_SETTINGS, "adapter." code, __VA_ARGS__),      \
        CORV_E_INVALID)

/* The end of a path says most; a fault's text is short. */
static const char *tail(const char *path)
{
    size_t n = strlen(path);

    return n > 110 ? path + n - 110 : path;
}

static bool is_ours(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

/* Whoever may write in a folder may put another file under the name; the sticky bit stops that. */
static corv_rc check_folder(const char *folder, struct corv_fault *f)
{
    struct stat st;

    if (stat(folder, &st) != 0)
        return REFUSE(f, "file", "De map %s is niet te lezen.", tail(folder));
    if (!is_ours(st.st_uid))
        return REFUSE(f, "owner", "De map %s is van gebruiker %u; verwacht: 0 (root) of %u.",
            tail(folder), (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0)
        return REFUSE(f, "mode",
            "De map %s heeft modus %04o; verwacht: niet schrijfbaar voor groep of anderen.",
            tail(folder), (unsigned)st.st_mode & 07777u);
    return CORV_OK;
}

static corv_rc check_folders(const char *real, struct corv_fault *f)
{
    char folder[PATH_MAX];
    char *slash;

    (void)snprintf(folder, sizeof folder, "%s", real);
    while ((slash = strrchr(folder, '/')) != NULL) {
        slash[slash == folder] = '\0'; /* "/" itself stays */
        corv_rc rc = check_folder(folder, f);

        if (rc != CORV_OK || slash == folder)
            return rc;
    }
    return CORV_OK;
}

static corv_rc check_file(
    const char *path, char real[PATH_MAX], struct stat *st, struct corv_fault *f)
{
    if (path[0] != '/')
        return REFUSE(
            f, "file", "%s is geen volledig pad; verwacht: een pad dat met / begint.", tail(path));
    if (!realpath(path, real) || stat(real, st) != 0 || !S_ISREG(st->st_mode))
        return REFUSE(f, "file", "%s is er niet; verwacht: een adapterbestand (.so).", tail(path));
    if (!is_ours(st->st_uid))
        return REFUSE(f, "owner", "%s is van gebruiker %u; verwacht: 0 (root) of %u.", tail(path),
            (unsigned)st->st_uid, (unsigned)geteuid());
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return REFUSE(f, "mode",
            "%s heeft modus %04o; verwacht: niet schrijfbaar voor groep of anderen.", tail(path),
            (unsigned)st->st_mode & 07777u);
    return check_folders(real, f);
}

static corv_rc open_entry(
    const char *path, const char *real, corv_adapter_entry_fn *entry, struct corv_fault *f)
{
    void *handle = dlopen(real, RTLD_NOW | RTLD_LOCAL); /* never closed: code is not unloaded */
    void *symbol;

    if (!handle)
        return REFUSE(f, "load",
            "%s laadt niet; verwacht: een gedeelde bibliotheek. Melding: %.90s", tail(path),
            dlerror());
    symbol = dlsym(handle, CORV_ADAPTER_ENTRY);
    if (!symbol)
        return REFUSE(f, "symbol", "%s heeft geen functie %s; verwacht: die ene functie.",
            tail(path), CORV_ADAPTER_ENTRY);
    memcpy((void *)entry, (const void *)&symbol, sizeof symbol);
    return CORV_OK;
}

static size_t size_of_minor(const struct corv_adapter *a)
{
    bool first = a->size < offsetof(struct corv_adapter, kind) || a->abi_minor == 0;

    return first ? offsetof(struct corv_adapter, answered) : sizeof *a;
}

static corv_rc check_version(const struct corv_adapter *a, const char *path, struct corv_fault *f)
{
    if (a->abi_major != CORV_ADAPTER_ABI_MAJOR)
        return REFUSE(f, "major", "%s is gemaakt voor ABI %u; verwacht: ABI %u.", tail(path),
            (unsigned)a->abi_major, CORV_ADAPTER_ABI_MAJOR);
    /* The minor is only read from a struct that says it has one. */
    if (a->size >= offsetof(struct corv_adapter, abi_minor) + sizeof a->abi_minor &&
        a->abi_minor > CORV_ADAPTER_ABI_MINOR)
        return REFUSE(f, "minor", "%s is gemaakt voor ABI %u.%u; verwacht: hoogstens %u.%u.",
            tail(path), (unsigned)a->abi_major, (unsigned)a->abi_minor, CORV_ADAPTER_ABI_MAJOR,
            CORV_ADAPTER_ABI_MINOR);
    /* Each minor has one size; an adapter of a later minor was refused above. */
    if (a->size != size_of_minor(a))
        return REFUSE(f, "size", "%s beschrijft zich in %u bytes; verwacht: %u.", tail(path),
            (unsigned)a->size, (unsigned)size_of_minor(a));
    return CORV_OK;
}

static bool name_good(const char *name)
{
    size_t n = name ? strnlen(name, HOST_ID_SIZE) : 0;

    return n > 0 && n < HOST_ID_SIZE && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static corv_rc check_functions(const struct corv_adapter *a, const char *path, struct corv_fault *f)
{
    const char *missing = NULL;

    if (!a->destroy)
        missing = "destroy";
    if (!a->stop)
        missing = "stop";
    if (!a->start)
        missing = "start";
    if (!a->create)
        missing = "create";
    if (!a->check)
        missing = "check";
    if ((a->kind & CORV_ADAPTER_OUTBOUND) && !a->cancel)
        missing = "cancel";
    if ((a->kind & CORV_ADAPTER_OUTBOUND) && !a->deliver)
        missing = "deliver";
    if ((a->kind & CORV_ADAPTER_INBOUND) && a->abi_minor >= 1 && !a->answered)
        missing = "answered";
    if (missing)
        return REFUSE(f, "function", "%s mist de functie %s; verwacht: alle verplichte functies.",
            tail(path), missing);
    if (!(a->kind & (CORV_ADAPTER_OUTBOUND | CORV_ADAPTER_INBOUND)) || !a->version)
        return REFUSE(f, "function",
            "%s noemt geen soort of versie; verwacht: uitgaand, inkomend "
            "of beide, en een versie.",
            tail(path));
    return CORV_OK;
}

corv_rc corv__descriptor_check(const struct corv_adapter *a, const char *path, struct corv_fault *f)
{
    if (!a)
        return REFUSE(f, "declined", "%s werkt niet met deze corvd (ABI %u.%u).", tail(path),
            CORV_ADAPTER_ABI_MAJOR, CORV_ADAPTER_ABI_MINOR);
    return check_version(a, path, f);
}

/* "naam" or "naam-…", so that one library can serve several instances. */
static corv_rc check_name(const struct corv_adapter *a, const struct corv_host_entry *e,
    const char *wanted, struct corv_fault *f)
{
    size_t n;

    if (!name_good(a->name))
        return REFUSE(f, "name", "%s noemt zich niet zoals afgesproken; verwacht: %s.",
            tail(e->library), wanted);
    n = strlen(a->name);
    if (strncmp(wanted, a->name, n) != 0 || (wanted[n] != '\0' && wanted[n] != '-'))
        return REFUSE(f, "name", "%s noemt zich %s; verwacht: %s, zoals in de configuratie.",
            tail(e->library), a->name, wanted);
    return CORV_OK;
}

static struct library *find_file(struct corv_list *libraries, const struct stat *st)
{
    CORV_LIST_EACH(node, libraries)
    {
        struct library *l = CORV_LIST_ITEM(node, struct library, node);

        if (l->ino != 0 && l->ino == st->st_ino && l->dev == st->st_dev)
            return l;
    }
    return NULL;
}

static corv_rc check_once(struct corv_list *libraries, const struct corv_adapter *a,
    const char *path, struct corv_fault *f)
{
    CORV_LIST_EACH(node, libraries)
    {
        const struct library *l = CORV_LIST_ITEM(node, struct library, node);

        if (strcmp(l->api->name, a->name) == 0)
            return REFUSE(f, "twice",
                "%s noemt zich %s, maar die is al geladen uit %s; verwacht: "
                "één bestand per naam.",
                tail(path), a->name, tail(l->path));
    }
    return CORV_OK;
}

static corv_rc remember(struct corv_list *libraries, const char *path, const struct stat *st,
    const struct corv_adapter *api)
{
    struct library *l = calloc(1, sizeof *l);

    if (!l)
        return CORV_E_NOMEM;
    l->path = strdup(path);
    if (!l->path) {
        free(l);
        return CORV_E_NOMEM;
    }
    l->dev = st->st_dev;
    l->ino = st->st_ino;
    l->api = api;
    corv_list_add(libraries, &l->node);
    return CORV_OK;
}

static corv_rc get_builtin(
    const struct corv_host_entry *e, const struct corv_adapter **api, struct corv_fault *f)
{
    const char *wanted = e->library + strlen(BUILTIN);
    corv_rc rc;

    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(builtins[i].name, wanted) != 0)
            continue;
        *api = builtins[i].entry(CORV_ADAPTER_ABI_MAJOR, CORV_ADAPTER_ABI_MINOR);
        rc = corv__descriptor_check(*api, e->library, f);
        if (rc == CORV_OK)
            rc = check_name(*api, e, wanted, f);
        return rc == CORV_OK ? check_functions(*api, e->library, f) : rc;
    }
    return REFUSE(f, "unknown-builtin",
        "Adapter %s vraagt %.60s; verwacht: builtin:https, builtin:dropdir, builtin:dai, "
        "builtin:process, builtin:loopback of een pad.",
        e->name, e->library);
}

static corv_rc get_file(struct corv_list *libraries, const struct corv_host_entry *e,
    const struct corv_adapter **api, struct corv_fault *f)
{
    char real[PATH_MAX];
    struct stat st;
    corv_adapter_entry_fn entry = NULL;
    const struct library *known;
    corv_rc rc = check_file(e->library, real, &st, f);

    if (rc == CORV_OK)
        rc = open_entry(e->library, real, &entry, f);
    if (rc != CORV_OK)
        return rc;
    *api = entry(CORV_ADAPTER_ABI_MAJOR, CORV_ADAPTER_ABI_MINOR);
    rc = corv__descriptor_check(*api, e->library, f);
    if (rc == CORV_OK)
        rc = check_name(*api, e, e->name, f);
    known = find_file(libraries, &st);
    if (rc == CORV_OK && !known)
        rc = check_once(libraries, *api, e->library, f);
    if (rc == CORV_OK)
        rc = check_functions(*api, e->library, f);
    if (rc == CORV_OK && !known)
        rc = remember(libraries, e->library, &st, *api);
    return rc;
}

corv_rc corv__library_get(struct corv_list *libraries, const struct corv_host_entry *e,
    const struct corv_adapter **api, struct corv_fault *f)
{
    if (!name_good(e->name))
        return REFUSE(f, "name",
            "Adapternaam %.60s past niet; verwacht: hoogstens 40 kleine letters, cijfers en -.",
            e->name ? e->name : "-");
    if (strncmp(e->library, BUILTIN, strlen(BUILTIN)) == 0)
        return get_builtin(e, api, f);
    return get_file(libraries, e, api, f);
}

void corv__libraries_forget(struct corv_list *libraries)
{
    CORV_LIST_EACH(node, libraries)
    {
        struct library *l = CORV_LIST_ITEM(node, struct library, node);

        free(l->path);
        free(l);
    }
    corv_list_init(libraries);
}
