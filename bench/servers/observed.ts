import { answerCalls } from '../kit/child-calls.js';
import { memory, processorTime } from './calls.js';

// Preloaded into a server that is run as people run it, to look into it.
answerCalls({ processorTime: () => processorTime(), memory });
