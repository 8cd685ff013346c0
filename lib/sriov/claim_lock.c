/* SPDX-License-Identifier: BSD-3-Clause */
/* See claim_lock.h. */
#include "claim_lock.h"

#include "journal.h"
#include "printable.h"
#include "reason.h"
#include "sriov_host.h"
#include "state_dir.h"
#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 20, NAME_BYTES = 32, HOLDER_BYTES = 96, FILE_MODE = 0644 };

static int
open_lock_file(const struct sriov_host *h, const char *name, int *ret_fd, struct reason *why)
{
	struct stat st;
	int folder, fd, rc;

	rc = state_dir_open(h, "locks", true, &folder, why);
	if (rc != 0)
		return rc;
	if (faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		state_dir_step(h, "make a lock file");
	/* O_NONBLOCK: a FIFO in its place must not hold us up. */
	fd = openat(
		folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, FILE_MODE
	);
	if (fd < 0) {
		rc = state_dir_failed(h, "locks", name, "open the lock", -errno, why);
		close(folder);
		return rc;
	}
	close(folder);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !state_dir_is_ours(&st)) {
		close(fd);
		return reason_set(
			why,
			-EPERM,
			"%.200s/locks/%s is no lock of ours: another kind of file, or others may "
			"write to it; remove it",
			h->state_dir,
			name
		);
	}
	*ret_fd = fd;
	return 0;
}

/* For the message of one who waits in vain. The lock holds without it, also on a full disk. */
static void
write_holder(const struct sriov_host *h, int fd)
{
	struct claim_owner self = {.command = "?"};
	char line[HOLDER_BYTES];
	ssize_t n;
	int len;

	(void)claim_owner_read(h, getpid(), &self);
	len = snprintf(line, sizeof(line), "%d %s\n", (int)getpid(), self.command);
	do
		n = pwrite(fd, line, (size_t)len, 0);
	while (n < 0 && errno == EINTR);
	while (n == len && ftruncate(fd, len) != 0 && errno == EINTR)
		;
}

/* "process 7 (vfbond)", from what the holder wrote. */
static void
read_holder(int fd, char *buf, size_t size)
{
	char line[HOLDER_BYTES], command[32] = "?";
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	int pid = 0;

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%d %31[^\n]", &pid, command) < 1 || pid <= 0)
		snprintf(buf, size, "a process that did not give its name");
	else
		snprintf(buf, size, "process %d (%s)", pid, printable(command));
}

static int
wait_for_lock(const struct sriov_host *h, int fd, uint32_t limit_ms)
{
	uint64_t end_ns = h->now_ns(h->ctx) + limit_ms * NSEC_PER_MSEC;

	/* Not by a flock() that waits: it could not be given a limit without a signal. */
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return -errno;
		if (h->now_ns(h->ctx) >= end_ns)
			return -ETIMEDOUT;
		h->sleep_ms(h->ctx, LOOK_EVERY_MS);
	}
	return 0;
}

int
claim_lock(
	const struct sriov_host *h,
	enum claim_lock_kind kind,
	const struct pci_addr *addr,
	uint32_t limit_ms,
	int *ret_fd,
	struct reason *why
)
{
	char address[PCI_ADDR_BYTES], name[NAME_BYTES], holder[80];
	const char *word = kind == CLAIM_LOCK_PF ? "pf" : "vf";
	int fd = -1, rc;

	pci_addr_text(addr, address);
	snprintf(name, sizeof(name), "%s-%s.lock", word, address);
	rc = open_lock_file(h, name, &fd, why);
	if (rc != 0)
		return rc;
	rc = wait_for_lock(h, fd, limit_ms);
	if (rc == 0) {
		write_holder(h, fd);
		*ret_fd = fd;
		return 0;
	}
	read_holder(fd, holder, sizeof(holder));
	close(fd);
	if (rc != -ETIMEDOUT)
		return state_dir_failed(h, "locks", name, "lock it", rc, why);
	return reason_set(
		why,
		rc,
		"%s %s is being changed by %s, which did not finish within %.1f s: try again",
		kind == CLAIM_LOCK_PF ? "PF" : "VF",
		address,
		holder,
		limit_ms / 1000.0
	);
}

void
claim_unlock(int fd)
{
	if (fd < 0)
		return;
	/* A child that the kernel holds in a write to sysfs has a copy of the descriptor. */
	(void)flock(fd, LOCK_UN);
	close(fd);
}
