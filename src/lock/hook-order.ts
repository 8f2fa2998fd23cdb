import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/**
 * Places a module in the order in which Nest calls lifecycle hooks: bootstrap hooks run from the greatest distance to
 * the least, shutdown hooks the other way round. Nest gives global modules the greatest finite distance and orders
 * those by import, so `Infinity` is before all and `-Infinity` after the root module.
 */
export function placeInHookOrder(modules: ModulesContainer, type: Type, distance: number): void {
  for (const module of modules.values()) {
    if (module.metatype === type) module.distance = distance;
  }
}
