namespace Dftp.Tests.FileSystem;

/// <summary>A body that can only be read, as one from a network.</summary>
internal class Body(byte[] bytes) : Stream
{
    private int _read;
    private bool _hasEnded;

    public int MostPerRead { get; init; } = int.MaxValue;

    /// <summary>Runs before the end is reported.</summary>
    public Func<ValueTask> AtEnd { get; init; } = () => default;

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
        cancellationToken.ThrowIfCancellationRequested();
        var count = Math.Min(Math.Min(buffer.Length, MostPerRead), bytes.Length - _read);
        bytes.AsMemory(_read, count).CopyTo(buffer);
        _read += count;
        if (count > 0 || buffer.IsEmpty || _hasEnded) return count;
        _hasEnded = true;
        await AtEnd();
        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>A body that must not be read: the client has not been asked for it.</summary>
internal sealed class Unread() : Body([])
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        throw new AssertFailedException("the body is read");
}
