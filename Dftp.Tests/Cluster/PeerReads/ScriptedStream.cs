namespace Dftp.Tests.Cluster.PeerReads;

/// <summary>What a peer sends: bytes in pieces of at most <paramref name="piece"/>, and then an end of one kind or another.</summary>
internal sealed class ScriptedStream(byte[] bytes, StreamEnd end, int piece = int.MaxValue) : Stream
{
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _at;

    /// <summary>Somebody waits for bytes that do not come.</summary>
    public Task Stalled => _stalled.Task;

    public bool IsDisposed => _disposed.Task.IsCompleted;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        var count = Math.Min(Math.Min(buffer.Length, piece), bytes.Length - _at);
        if (count > 0)
        {
            bytes.AsMemory(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        if (end == StreamEnd.IsClosed) return 0;
        if (end == StreamEnd.Breaks) throw new IOException("the connection was reset");
        _stalled.TrySetResult();
        await _disposed.Task.WaitAsync(cancellationToken);
        throw new ObjectDisposedException(nameof(ScriptedStream));
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _disposed.TrySetResult();
        base.Dispose(disposing);
    }
}

public enum StreamEnd
{
    IsClosed,
    Breaks,

    /// <summary>Nothing comes any more, and the connection stays.</summary>
    Stalls,
}
