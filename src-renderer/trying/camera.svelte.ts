/**
 * @file The camera: asked for when it is wanted, and let go as soon as a picture is taken, or the view is left. Its
 * frames go to whoever shows them; nothing is stored.
 */
import type { Problem } from '../../src-core/contract.ts';
import type { Surface } from './surface.ts';
import { surfaceOfImage } from './pictures.ts';

/** Frames looked at in a second: as many as models are sure to keep up with, so that film and answers stay together. */
const framesPerSecond = 20;

export class Camera {
  state: 'off' | 'asking' | 'on' = $state('off');
  problem: Problem | null = $state.raw(null);
  #stream: MediaStream | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param show called with each frame. */
  async start(show: (frame: Surface) => void): Promise<void> {
    if (this.state !== 'off') return;
    this.problem = null;
    this.state = 'asking';
    try {
      if (!navigator.mediaDevices) throw new DOMException('no devices', 'NotFoundError');
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment', width: { ideal: 640 } },
      });
      if (!this.#isWanted()) return stop(stream);
      await this.#play(stream, show);
    } catch (error) {
      this.stop();
      if (!(error instanceof DOMException)) throw error;
      this.problem = problemOf(error);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#stream) stop(this.#stream);
    this.#stream = null;
    this.state = 'off';
  }

  /** The person may have left while the browser asked. */
  #isWanted(): boolean {
    return this.state === 'asking';
  }

  async #play(stream: MediaStream, show: (frame: Surface) => void): Promise<void> {
    this.#stream = stream;
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    await video.play();
    if (this.#stream !== stream) return;
    this.state = 'on';
    // Unplugged, or taken by another program.
    stream.getVideoTracks()[0]?.addEventListener('ended', () => this.stop());
    this.#timer = setInterval(() => {
      if (video.videoWidth > 0) show(surfaceOfImage(video, video.videoWidth, video.videoHeight));
    }, 1000 / framesPerSecond);
  }
}

const stop = (stream: MediaStream): void => {
  for (const track of stream.getTracks()) track.stop();
};

/** https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia */
function problemOf({ name, message }: DOMException): Problem {
  if (name === 'NotAllowedError' || name === 'SecurityError')
    return {
      code: 'camera-refused',
      message: 'The camera may not be used.',
      hint: 'Allow it for this page in the browser or the system, and press Camera again.',
    };
  if (name === 'NotFoundError' || name === 'OverconstrainedError')
    return {
      code: 'camera-missing',
      message: 'No camera was found.',
      hint: 'Connect one, or paste or drop a picture.',
    };
  return {
    code: 'camera-failed',
    message: `The camera did not start (${message || name}).`,
    hint: 'Close other programs that use it, and press Camera again.',
  };
}
