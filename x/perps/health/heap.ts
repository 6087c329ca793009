/** In no heap. */
const none = -1;

/** One heap: ids with the readings beside them, first the one that is woken first. */
interface Heap {
  ids: Int32Array;
  ats: Float64Array;
  size: number;
}

/**
 * Min-heaps of ids by the reading at which each wants to be woken; an id
 * stands in one of them at most, and can be moved and removed. Ids and heaps
 * are small integers that are not negative. Ties stand in no particular
 * order. 20 bytes for each id, no object.
 */
export class WakeHeaps {
  /** By id. */
  #heap = new Int32Array(1024).fill(none);
  #place = new Int32Array(1024);
  readonly #heaps = new Map<number, Heap>();

  /** The heaps that hold an id, in no particular order. */
  *heaps(): Iterable<number> {
    for (const [heap, { size }] of this.#heaps) if (size > 0) yield heap;
  }

  /** Adds an id, or moves it. @param at an integer below 2^53. O(log n) */
  set(id: number, heap: number, at: number): void {
    this.#makeRoomFor(id);
    if (this.#heap[id] !== heap) {
      this.delete(id);
      this.#append(id, heap);
    }
    this.#restore(this.#heaps.get(heap)!, id, at, this.#place[id]!);
  }

  /** O(log n); nothing happens for an id that is not there. */
  delete(id: number): void {
    if (id >= this.#heap.length || this.#heap[id] === none) return;
    const heap = this.#heaps.get(this.#heap[id]!)!;
    this.#heap[id] = none;
    const size = --heap.size;
    const place = this.#place[id]!;
    if (place !== size) this.#restore(heap, heap.ids[size]!, heap.ats[size]!, place);
  }

  clear(): void {
    this.#heap.fill(none);
    this.#heaps.clear();
  }

  /** Ids of a heap that want to be woken below a reading, in no particular order; they stay in the heap. O(found). */
  below(heap: number, reading: number, visit: (id: number, at: number) => void): void {
    const entries = this.#heaps.get(heap);
    if (entries === undefined) return;
    const { ids, ats, size } = entries;
    const places = [0];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      if (place >= size || ats[place]! >= reading) continue;
      visit(ids[place]!, ats[place]!);
      places.push(2 * place + 1, 2 * place + 2);
    }
  }

  #append(id: number, to: number): void {
    let heap = this.#heaps.get(to);
    if (heap === undefined)
      this.#heaps.set(to, (heap = { ids: new Int32Array(64), ats: new Float64Array(64), size: 0 }));
    if (heap.size === heap.ids.length) {
      heap.ids = widened(heap.ids, new Int32Array(heap.size * 2));
      heap.ats = widened(heap.ats, new Float64Array(heap.size * 2));
    }
    this.#heap[id] = to;
    this.#place[id] = heap.size++;
  }

  /** Puts an id where it belongs, from a free place on. */
  #restore(heap: Heap, id: number, at: number, free: number): void {
    const { ids, ats, size } = heap;
    let place = free;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (ats[parent]! <= at) break;
      this.#put(heap, ids[parent]!, ats[parent]!, place);
      place = parent;
    }
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && ats[child + 1]! < ats[child]!) child++;
      if (ats[child]! >= at) break;
      this.#put(heap, ids[child]!, ats[child]!, place);
      place = child;
    }
    this.#put(heap, id, at, place);
  }

  #put(heap: Heap, id: number, at: number, place: number): void {
    heap.ids[place] = id;
    heap.ats[place] = at;
    this.#place[id] = place;
  }

  #makeRoomFor(id: number): void {
    if (id < this.#heap.length) return;
    let length = this.#heap.length;
    while (id >= length) length *= 2;
    this.#heap = widened(this.#heap, new Int32Array(length).fill(none));
    this.#place = widened(this.#place, new Int32Array(length));
  }
}

function widened<A extends Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
