/* SPDX-License-Identifier: BSD-3-Clause */
/* By /proc/net and the upper_* links of sysfs. See netdev_route.h. */
#include "netdev_route.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A device and all that is stacked on it; more than this many on one NIC are passed over. */
enum { MAX_STACK = 256 };

struct stack {
	unsigned n;
	char names[MAX_STACK][IFNAMSIZ];
};

static bool
holds(const struct stack *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->names[i], name) == 0)
			return true;
	return false;
}

static void
add(struct stack *s, const char *name)
{
	if (s->n < MAX_STACK && name[0] != '\0' && strlen(name) < IFNAMSIZ && !holds(s, name))
		strcpy(s->names[s->n++], name);
}

static void
add_upper(const struct hostfs *fs, struct stack *s, const char *below)
{
	static const char prefix[] = "upper_";
	const char *name;
	char *names;
	size_t n;

	if (hostfs_list(fs, &names, &n, "/sys/class/net/%s", below) != 0)
		return;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name))
		if (strncmp(name, prefix, strlen(prefix)) == 0)
			add(s, name + strlen(prefix));
	free(names);
}

static bool
is_usable(unsigned flags)
{
	return (flags & RTF_UP) != 0 && (flags & RTF_REJECT) == 0;
}

/* A line of fib_route_seq_show (net/ipv4/fib_trie.c). */
static bool
is_default_ipv4(const char *line, char name[IFNAMSIZ])
{
	unsigned destination, flags, mask;

	return sscanf(line, "%15s %x %*x %x %*d %*d %*d %x", name, &destination, &flags, &mask) ==
	               4 &&
	       destination == 0 && mask == 0 && is_usable(flags);
}

/* A line of rt6_info_route (net/ipv6/ip6_fib.c). */
static bool
is_default_ipv6(const char *line, char name[IFNAMSIZ])
{
	unsigned prefix_len, flags;

	return sscanf(line, "%*32s %x %*s %*x %*s %*x %*x %*x %x %15s", &prefix_len, &flags, name
	       ) == 3 &&
	       prefix_len == 0 && is_usable(flags);
}

static bool
has_route(
	const struct hostfs *fs,
	const char *path,
	bool (*is_default)(const char *line, char name[IFNAMSIZ]),
	const struct stack *s
)
{
	int fd = hostfs_open(fs, O_RDONLY, "%s", path);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	if (f == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && getline(&line, &size, f) > 0) {
		char name[IFNAMSIZ];

		found = is_default(line, name) && holds(s, name);
	}
	free(line);
	fclose(f);
	return found;
}

bool
netdev_has_default_route(const struct hostfs *fs, const char *name, bool with_upper)
{
	struct stack s = {.n = 0};

	add(&s, name);
	for (unsigned i = 0; with_upper && i < s.n; i++)
		add_upper(fs, &s, s.names[i]);
	return has_route(fs, "/proc/net/route", is_default_ipv4, &s) ||
	       has_route(fs, "/proc/net/ipv6_route", is_default_ipv6, &s);
}
