/* SPDX-License-Identifier: BSD-3-Clause */
/* The owner part of journal.h: which process it is, and whether that still runs. */
#include "journal.h"
#include "parse.h"
#include "printable.h"
#include "sriov_host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STAT_STARTTIME_FIELD = 22, STAT_AFTER_COMM_FIELD = 3 };

/*
 * Field 22 of proc_pid_stat(5). The second one is the command in parentheses, which may itself hold
 * blanks and parentheses: fields are counted from the last one that closes. The third is the state;
 * a zombie has closed all it had open. -ESRCH: it has ended.
 */
static int
parse_start_ticks(char *line, uint64_t *ret)
{
	char *at = strrchr(line, ')'), *word, *next = NULL;

	if (at == NULL)
		return -EINVAL;
	word = strtok_r(at + 1, " ", &next);
	if (word != NULL && (strcmp(word, "Z") == 0 || strcmp(word, "X") == 0))
		return -ESRCH;
	for (int field = STAT_AFTER_COMM_FIELD; word != NULL && field < STAT_STARTTIME_FIELD;
	     field++)
		word = strtok_r(NULL, " ", &next);
	return word != NULL ? parse_u64(word, 0, INT64_MAX, ret) : -EINVAL;
}

static int
read_boot_id(const struct sriov_host *h, char *buf, size_t size)
{
	return hostfs_read(&h->fs, buf, size, "/proc/sys/kernel/random/boot_id");
}

int
claim_owner_read(const struct sriov_host *h, pid_t pid, struct claim_owner *ret)
{
	struct claim_owner o = {.pid = pid};
	char line[1024], command[64] = "?";
	int rc = read_boot_id(h, o.boot_id, sizeof(o.boot_id));

	if (rc == 0 && pid < 0)
		rc = -ESRCH;
	if (rc != 0 || pid == 0) {
		if (rc == 0)
			*ret = o;
		return rc;
	}
	rc = hostfs_read(&h->fs, line, sizeof(line), "/proc/%d/stat", (int)pid);
	if (rc == 0)
		rc = parse_start_ticks(line, &o.start_ticks);
	if (rc != 0)
		return rc == -ENOENT ? -ESRCH : rc;
	(void)hostfs_read(&h->fs, command, sizeof(command), "/proc/%d/comm", (int)pid);
	printable_copy(o.command, sizeof(o.command), command);
	*ret = o;
	return 0;
}

bool
claim_owner_alive(const struct sriov_host *h, const struct claim_owner *o)
{
	char boot_id[sizeof(o->boot_id)];
	struct claim_owner now;
	int rc;

	/* What cannot be found out is not a reason to take a VF from its owner. */
	if (read_boot_id(h, boot_id, sizeof(boot_id)) == 0 && strcmp(boot_id, o->boot_id) != 0)
		return false;
	if (o->pid == 0)
		return true;
	rc = claim_owner_read(h, o->pid, &now);
	return rc == 0 ? now.start_ticks == o->start_ticks : rc != -ESRCH;
}
