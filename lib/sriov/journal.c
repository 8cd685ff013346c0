/* SPDX-License-Identifier: BSD-3-Clause */
/* See journal.h: the files; their text is journal_json.c, the owner claim_owner.c. */
#include "journal.h"

#include "journal_json.h"
#include "reason.h"
#include "sriov_host.h"
#include "state_dir.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NAME_BYTES = 32,
	FILE_MODE = 0644,
	RECORD_MAX_BYTES = 16 * 1024, /* ours have about one */
};

#define SUFFIX ".json"

/* Where a record is, and where it is made. Writers hold the VF's lock, so one name is enough. */
struct names {
	char final[NAME_BYTES], temporary[NAME_BYTES];
};

static void
name_record(const struct pci_addr *addr, struct names *ret)
{
	char name[PCI_ADDR_BYTES];

	pci_addr_text(addr, name);
	snprintf(ret->final, sizeof(ret->final), "%s" SUFFIX, name);
	snprintf(ret->temporary, sizeof(ret->temporary), ".%s.tmp", name);
}

static int
write_all(int fd, const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The text on the disk under the temporary name. *ret_doing: what failed. */
static int
write_temporary(
	const struct sriov_host *h,
	int folder,
	const char *name,
	const struct text *json,
	const char **ret_doing
)
{
	int fd, rc;

	*ret_doing = "make it";
	state_dir_step(h, "journal: make the temporary file");
	/* What a crash left behind; O_EXCL then follows no link. */
	if (unlinkat(folder, name, 0) != 0 && errno != ENOENT)
		return -errno;
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return -errno;
	*ret_doing = "write it";
	state_dir_step(h, "journal: write");
	rc = write_all(fd, json->s, json->len);
	if (rc == 0) {
		*ret_doing = "sync it to disk";
		state_dir_step(h, "journal: sync");
		rc = fsync(fd) != 0 ? -errno : 0;
	}
	/* NFS tells of a full disk only here. */
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

static int
write_record(
	const struct sriov_host *h,
	int folder,
	const struct names *names,
	const struct text *json,
	const char **ret_doing
)
{
	int rc = write_temporary(h, folder, names->temporary, json, ret_doing);

	if (rc == 0) {
		*ret_doing = "rename it";
		state_dir_step(h, "journal: rename");
		if (renameat(folder, names->temporary, folder, names->final) != 0)
			rc = -errno;
	}
	if (rc != 0) {
		(void)unlinkat(folder, names->temporary, 0);
		return rc;
	}
	*ret_doing = "sync its folder to disk";
	state_dir_step(h, "journal: sync the folder");
	return fsync(folder) != 0 ? -errno : 0;
}

int
journal_write(const struct sriov_host *h, const struct claim_record *r, struct reason *why)
{
	struct text json = TEXT_EMPTY;
	const char *doing;
	struct names names;
	int folder, rc;

	name_record(&r->addr, &names);
	rc = record_to_json(r, &json);
	if (rc != 0) {
		rc = state_dir_failed(h, "claims", names.final, "put it into words", rc, why);
		goto out;
	}
	rc = state_dir_open(h, "claims", true, &folder, why);
	if (rc != 0)
		goto out;
	rc = write_record(h, folder, &names, &json, &doing);
	close(folder);
	if (rc != 0)
		state_dir_failed(h, "claims", names.final, doing, rc, why);
out:
	text_fini(&json);
	return rc;
}

static int
foreign(const struct sriov_host *h, const char *name, const char *what, struct reason *why)
{
	return reason_set(
		why,
		-EBADMSG,
		"%.150s/claims/%s is no claim of ours: %.200s; look at it, and remove it when the "
		"VF is free",
		h->state_dir,
		name,
		what
	);
}

/* The whole file into @buf. */
static int
read_file(
	const struct sriov_host *h,
	int fd,
	const char *name,
	char *buf,
	size_t *ret_len,
	struct reason *why
)
{
	size_t len = 0;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return state_dir_failed(h, "claims", name, "look at it", -errno, why);
	if (!S_ISREG(st.st_mode))
		return foreign(h, name, "it is no regular file", why);
	if (!state_dir_is_ours(&st))
		return foreign(h, name, "another user could have written it", why);
	if (st.st_size > RECORD_MAX_BYTES)
		return foreign(h, name, "it is too long", why);
	while (len < RECORD_MAX_BYTES) {
		n = read(fd, buf + len, RECORD_MAX_BYTES - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return state_dir_failed(h, "claims", name, "read it", -errno, why);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

static int
read_record(
	const struct sriov_host *h,
	int fd,
	const char *name,
	const struct pci_addr *addr,
	struct claim_record *ret,
	struct reason *why
)
{
	char *buf = malloc(RECORD_MAX_BYTES);
	struct reason wrong;
	size_t len = 0;
	int rc;

	if (buf == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	rc = read_file(h, fd, name, buf, &len, why);
	if (rc == 0 && record_from_json(buf, len, addr, ret, &wrong) != 0)
		rc = foreign(h, name, wrong.text, why);
	free(buf);
	return rc;
}

static int
not_opened(const struct sriov_host *h, const char *name, int err, struct reason *why)
{
	if (err == -ELOOP)
		return foreign(h, name, "it is a symbolic link", why);
	if (err == -ENXIO)
		return foreign(h, name, "it is no regular file", why);
	return state_dir_failed(h, "claims", name, "open it", err, why);
}

int
journal_read(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	struct claim_record *ret,
	struct reason *why
)
{
	struct names names;
	int folder, fd, rc;

	name_record(addr, &names);
	rc = state_dir_open(h, "claims", false, &folder, why);
	if (rc != 0)
		return rc;
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	fd = openat(folder, names.final, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		rc = not_opened(h, names.final, -errno, why);
		close(folder);
		return rc;
	}
	close(folder);
	rc = read_record(h, fd, names.final, addr, ret, why);
	close(fd);
	return rc;
}

int
journal_remove(const struct sriov_host *h, const struct pci_addr *addr, struct reason *why)
{
	struct names names;
	int folder, rc;

	name_record(addr, &names);
	rc = state_dir_open(h, "claims", false, &folder, why);
	if (rc != 0)
		return rc;
	state_dir_step(h, "journal: remove");
	if (unlinkat(folder, names.final, 0) != 0)
		rc = -errno;
	if (rc == 0) {
		state_dir_step(h, "journal: sync the folder");
		if (fsync(folder) != 0)
			rc = -errno;
	}
	close(folder);
	return rc == 0 ? 0 : state_dir_failed(h, "claims", names.final, "remove it", rc, why);
}

/* Whether a file's name is an address as we write it, and which. */
static bool
parse_name(const char *name, struct pci_addr *ret)
{
	struct pci_addr addr;
	char text[NAME_BYTES];
	struct names names;
	size_t len = strlen(name);

	if (len >= sizeof(text) || len <= strlen(SUFFIX))
		return false;
	memcpy(text, name, len + 1);
	text[len - strlen(SUFFIX)] = '\0';
	if (pci_addr_parse(text, &addr) != 0)
		return false;
	name_record(&addr, &names);
	if (strcmp(names.final, name) != 0)
		return false;
	*ret = addr;
	return true;
}

static int
compare_addr(const void *a, const void *b)
{
	return pci_addr_cmp(a, b);
}

static int
is_record(const struct dirent *e)
{
	struct pci_addr addr;

	return parse_name(e->d_name, &addr);
}

static int
collect(int folder, struct pci_addr **ret, size_t *ret_n)
{
	struct dirent **entries;
	struct pci_addr *list;
	int n = scandirat(folder, ".", &entries, is_record, NULL);

	if (n < 0)
		return -errno;
	list = calloc((size_t)n + 1, sizeof(*list));
	for (int i = 0; i < n; i++) {
		if (list != NULL)
			(void)parse_name(entries[i]->d_name, &list[i]);
		free(entries[i]);
	}
	free(entries);
	if (list == NULL)
		return -ENOMEM;
	qsort(list, (size_t)n, sizeof(*list), compare_addr);
	*ret = list;
	*ret_n = (size_t)n;
	return 0;
}

int
journal_list(const struct sriov_host *h, struct pci_addr **ret, size_t *ret_n, struct reason *why)
{
	int folder, rc;

	rc = state_dir_open(h, "claims", false, &folder, why);
	if (rc == -ENOENT) {
		/* Nobody has claimed anything yet. */
		*ret = calloc(1, sizeof(**ret));
		if (*ret == NULL)
			return reason_set(why, -ENOMEM, "out of memory");
		*ret_n = 0;
		return 0;
	}
	if (rc != 0)
		return rc;
	rc = collect(folder, ret, ret_n);
	close(folder);
	return rc == 0 ? 0 : state_dir_failed(h, "claims", "", "list it", rc, why);
}
