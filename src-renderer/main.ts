/** @file Where the page begins. */
import { mount } from 'svelte';
import App from './App.svelte';
import { firstTheme, showTheme } from './frame/theme.svelte.ts';
import { app } from './state/app.svelte.ts';
import './ui/theme.css';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
showTheme(firstTheme());
app.start();
mount(App, { target });
