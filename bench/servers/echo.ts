import type { CanActivate, PipeTransform } from '@nestjs/common';

export interface Echo {
  readonly text: string;
}

export class AnyoneGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

export class EchoPipe implements PipeTransform<unknown, Echo> {
  transform(value: unknown): Echo {
    const { text } = value as Partial<Echo>;
    if (typeof text !== 'string') throw new TypeError('there is no text');
    return value as Echo;
  }
}
