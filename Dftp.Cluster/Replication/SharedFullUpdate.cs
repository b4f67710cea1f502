using Dftp.Cluster.Index;

namespace Dftp.Cluster.Replication;

/// <summary>
/// The compressed body of a full update, written once for all peers that receive it; each reads it at its own pace. Some ten bytes for each
/// entry, freed when no peer receives it any more.
/// </summary>
internal sealed class SharedFullUpdate(UpdateHeader header, TreeSnapshot tree)
{
    private readonly Lock _lock = new();
    private readonly List<byte[]> _pieces = [];
    private TaskCompletionSource _grown = NewSource();
    private Task? _writing;
    private bool _isWhole;
    private Exception? _failure;
    private int _readers;

    public UpdatePosition? Position => header.Position;

    public bool IsRead => Volatile.Read(ref _readers) > 0;

    /// <summary>Sends the whole body.</summary>
    /// <exception cref="IOException">Writing it failed.</exception>
    public async Task CopyToAsync(Stream output, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _readers);
        try
        {
            for (var at = 0; ;)
            {
                byte[]? piece;
                Task grown;
                lock (_lock)
                {
                    _writing ??= Task.Run(WriteAsync, CancellationToken.None);
                    piece = at < _pieces.Count ? _pieces[at++] : null;
                    if (piece is null && _failure is not null) throw new IOException("the update could not be written", _failure);
                    if (piece is null && _isWhole) return;
                    grown = _grown.Task;
                }

                if (piece is null) await grown.WaitAsync(cancellationToken);
                else await output.WriteAsync(piece, cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _readers);
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await UpdateBody.WriteAsync(
                new Pieces(this), compress: true,
                (writer, token) => UpdateWriter.WriteFullAsync(writer, header, tree, toLegacy: false, token), CancellationToken.None);
            Grow(() => _isWhole = true);
        }
        catch (Exception failure)
        {
            Grow(() => _failure = failure);
        }
    }

    private void Grow(Action how)
    {
        TaskCompletionSource grown;
        lock (_lock)
        {
            how();
            grown = _grown;
            _grown = NewSource();
        }

        grown.SetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The stream that receives the written body.</summary>
    private sealed class Pieces(SharedFullUpdate update) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
            // Nothing is buffered.
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (buffer.IsEmpty) return;
            var piece = buffer.ToArray();
            update.Grow(() => update._pieces.Add(piece));
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

/// <summary>Finds the peers that need the same full update: twenty that join at once cost one writing.</summary>
internal sealed class SharedFullUpdates
{
    private readonly Lock _lock = new();
    // Guarded by _lock. The peers that receive it keep it alive.
    private WeakReference<SharedFullUpdate>? _last;

    /// <returns>Null while another one is being sent: this one is then written for its peer alone, so that at most one is kept in
    /// memory.</returns>
    public SharedFullUpdate? Of(UpdateHeader header, TreeSnapshot tree)
    {
        lock (_lock)
        {
            if (_last is not null && _last.TryGetTarget(out var last))
            {
                if (last.Position == header.Position) return last;
                if (last.IsRead) return null;
            }

            var update = new SharedFullUpdate(header, tree);
            _last = new WeakReference<SharedFullUpdate>(update);
            return update;
        }
    }
}
