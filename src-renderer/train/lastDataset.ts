/** @file The dataset that was trained on last while the page is open: the place in the rail leads back to it. */

export const lastDataset = { id: 0 };
