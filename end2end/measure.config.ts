// What `cargo xtask bench` measures in the browser: one after the other, and no test.

import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

export default defineConfig(tests, { testDir: 'measure', fullyParallel: false, workers: 1, timeout: 120_000 });
