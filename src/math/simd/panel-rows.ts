/** @file Rows of a matrix in the memory of the SIMD module: whole, or panel by panel. */
import { type Matrix, type ResidentRows, weightedSum } from "../kernels.js";

/** The exports of rows.as.ts; numbers are byte addresses and counts. */
export interface RowsModule {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** As `ResidentRows.squaredNorms`, for rows that lie `stride` bytes apart. */
  squaredNorms(base: number, count: number, stride: number, out: number): void;
  /** As `ResidentRows.fold`, for rows that lie `stride` bytes apart; `width` is the bins' bytes. */
  foldRows(base: number, count: number, stride: number, signs: number, width: number, out: number): void;
  /** As `ResidentRows.dots`; `rows` and `columns` are lists of addresses. */
  dots(
    rows: number,
    rowCount: number,
    columns: number,
    columnCount: number,
    stride: number,
    interleaved: number,
    out: number,
  ): void;
  /** As `ResidentRows.weightedSum`. */
  weightedSum(rows: number, weights: number, entries: number, stride: number, out: number): void;
}

/** Size of a page of WebAssembly memory. */
const PAGE = 65_536;

/** Bytes at the start of the memory that belong to the module's runtime. */
const RESERVED = 1024;

/** Most rows of a panel: 32 rows of width 1024 stay in the second cache level while columns stream past them. */
const PANEL_ROWS = 32;

/** Rows of a strip on the diagonal of a Gram matrix. */
const STRIP_ROWS = 8;

/** Most columns of a panel: their results with 32 rows are 128 KiB. */
const PANEL_COLUMNS = 1024;

/**
 * The rows of one matrix during one `withRows`. Memory holds the addresses of a panel's rows and columns, their results, and room
 * for four packed columns. After these comes the whole matrix, or else the panel's rows and columns.
 */
export class PanelRows implements ResidentRows {
  readonly count: number;
  readonly dim: number;
  /** From one row to the next in bytes: padded with zeros to a multiple of four values. */
  private readonly stride: number;
  private readonly panelRows: number;
  private readonly panelColumns: number;
  private readonly columnList: number;
  private readonly out: number;
  /** Room for four rows, which `dots` packs. */
  private readonly interleaved: number;
  private readonly base: number;
  /** True if the whole matrix lies at `base`. */
  private readonly resident: boolean;

  constructor(
    private readonly module: RowsModule,
    private readonly matrix: Matrix,
    memoryBytes: number,
  ) {
    const { count, dim } = matrix;
    this.count = count;
    this.dim = dim;
    this.stride = Math.ceil(dim / 4) * 16;
    const room = Math.max(4, Math.floor(memoryBytes / 2 / this.stride));
    this.panelRows = Math.min(PANEL_ROWS, Math.floor(room / 2));
    this.panelColumns = Math.min(PANEL_COLUMNS, room - this.panelRows);
    this.columnList = RESERVED + 4 * PANEL_ROWS;
    this.out = this.columnList + 4 * PANEL_COLUMNS;
    this.interleaved = this.out + 4 * PANEL_ROWS * PANEL_COLUMNS;
    this.base = this.interleaved + 4 * this.stride;
    this.resident = this.base + count * this.stride <= memoryBytes;
    const rows = this.resident ? count : this.panelRows + this.panelColumns;
    // One cache line more, which the last row's weighted sum reads beyond its end.
    grow(module, this.base + rows * this.stride + 64);
    if (this.resident) this.copyIn(0, count, (row) => row);
  }

  squaredNorms(out: Float32Array): void {
    const chunk = this.resident ? PANEL_ROWS * PANEL_COLUMNS : this.panelColumns;
    for (let start = 0; start < this.count; start += chunk) {
      const count = Math.min(chunk, this.count - start);
      if (!this.resident) this.copyIn(0, count, (i) => start + i);
      const from = this.resident ? start : 0;
      this.module.squaredNorms(this.base + from * this.stride, count, this.stride, this.out);
      out.set(this.results(count), start);
    }
  }

  fold(signs: Float32Array, bins: number, out: Float32Array): void {
    // Signs lie where `dots` packs columns, results where it puts its own.
    const signList = new Float32Array(this.module.memory.buffer, this.interleaved, this.stride / 4);
    signList.fill(0);
    signList.set(signs);
    const most = Math.floor((PANEL_ROWS * PANEL_COLUMNS) / bins);
    const chunk = this.resident ? most : Math.min(most, this.panelColumns);
    for (let start = 0; start < this.count; start += chunk) {
      const count = Math.min(chunk, this.count - start);
      if (!this.resident) this.copyIn(0, count, (i) => start + i);
      const from = this.base + (this.resident ? start * this.stride : 0);
      this.module.foldRows(from, count, this.stride, this.interleaved, 4 * bins, this.out);
      out.set(this.results(count * bins), start * bins);
    }
  }

  dots(rows: ArrayLike<number>, columns: ArrayLike<number>, out: Float32Array): void {
    for (let r = 0; r < rows.length; r += this.panelRows) {
      const height = Math.min(this.panelRows, rows.length - r);
      this.place(RESERVED, 0, rows, r, height);
      for (let c = 0; c < columns.length; c += this.panelColumns) {
        const width = Math.min(this.panelColumns, columns.length - c);
        this.place(this.columnList, this.panelRows, columns, c, width);
        this.module.dots(RESERVED, height, this.columnList, width, this.stride, this.interleaved, this.out);
        const block = this.results(height * width);
        for (let i = 0; i < height; i++) {
          out.set(block.subarray(i * width, (i + 1) * width), (r + i) * columns.length + c);
        }
      }
    }
  }

  gram(out: Float32Array): void {
    const { count } = this;
    const block = new Float32Array(PANEL_ROWS * count);
    for (let start = 0; start < count; start += PANEL_ROWS) {
      const end = Math.min(start + PANEL_ROWS, count);
      // The triangle on the diagonal in narrow strips, of which little lies below the diagonal.
      for (let strip = start; strip < end; strip += STRIP_ROWS) {
        this.gramBlock(out, block, range(strip, Math.min(strip + STRIP_ROWS, end)), range(strip, end));
      }
      this.gramBlock(out, block, range(start, end), range(end, count));
    }
  }

  /** Products of successive rows with successive columns, written to both halves of the Gram matrix. */
  private gramBlock(out: Float32Array, block: Float32Array, rows: Uint32Array, columns: Uint32Array): void {
    const [height, width] = [rows.length, columns.length];
    this.dots(rows, columns, block);
    for (let i = 0; i < height; i++) {
      out.set(block.subarray(i * width, (i + 1) * width), rows[i] * this.count + columns[0]);
    }
    // The mirrored half, column by column of the block, so that writes run along rows.
    for (let j = 0; j < width; j++) {
      const mirrored = columns[j] * this.count + rows[0];
      for (let i = 0; i < height; i++) out[mirrored + i] = block[i * width + j];
    }
  }

  /** Each row of a matrix that is not resident is read once at most. A copy would cost more than it saves. */
  weightedSum(rows: Uint32Array, weights: Float32Array, out: Float32Array): void {
    const entries = rows.length;
    // Addresses, weights and result share the place of results.
    const weightList = this.out + 4 * Math.ceil(entries / 4) * 4;
    const sum = weightList + 4 * Math.ceil(entries / 4) * 4;
    if (!this.resident || sum + this.stride + 64 > this.base) {
      weightedSum(this.matrix, rows, weights, out);
      return;
    }
    this.place(this.out, 0, rows, 0, entries);
    new Float32Array(this.module.memory.buffer, weightList, entries).set(weights);
    this.module.weightedSum(this.out, weightList, entries, this.stride, sum);
    out.set(new Float32Array(this.module.memory.buffer, sum, this.dim));
  }

  /** Writes the addresses of rows `ids[start…]`, after copying them to the slots from `slot` on if nothing is resident. */
  private place(list: number, slot: number, ids: ArrayLike<number>, start: number, count: number): void {
    if (!this.resident) this.copyIn(slot, count, (i) => ids[start + i]);
    const addresses = new Uint32Array(this.module.memory.buffer, list, count);
    for (let i = 0; i < count; i++) {
      addresses[i] = this.base + (this.resident ? ids[start + i] : slot + i) * this.stride;
    }
  }

  /** Copies `count` rows to the slots from `slot` on; the i-th is row `rowOf(i)` of the matrix. */
  private copyIn(slot: number, count: number, rowOf: (i: number) => number): void {
    const { data } = this.matrix;
    const { dim, stride } = this;
    const slots = new Float32Array(this.module.memory.buffer, this.base + slot * stride, (count * stride) / 4);
    if (this.resident && dim * 4 === stride) {
      slots.set(data.subarray(0, count * dim));
      return;
    }
    if (dim * 4 !== stride) slots.fill(0);
    for (let i = 0; i < count; i++) {
      const from = rowOf(i) * dim;
      slots.set(data.subarray(from, from + dim), (i * stride) / 4);
    }
  }

  private results(count: number): Float32Array {
    return new Float32Array(this.module.memory.buffer, this.out, count);
  }
}

function grow({ memory }: RowsModule, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

/** Numbers from `start` to `end` - 1; a plain loop, since `from` with a callback takes ten times as long. */
function range(start: number, end: number): Uint32Array {
  const out = new Uint32Array(end - start);
  for (let i = 0; i < out.length; i++) out[i] = start + i;
  return out;
}
