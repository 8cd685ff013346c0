/* SPDX-License-Identifier: BSD-3-Clause */
/* See pci_bus.h. */
#include "pci_bus.h"
