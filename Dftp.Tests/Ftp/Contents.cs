using Dftp.FileSystem;
using Dftp.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Tests.Ftp;

/// <summary>A range of a file on disk that offers its region; disposal deletes the file.</summary>
internal sealed class DiskContent : FileContent
{
    private readonly SafeFileHandle _handle;
    private readonly ByteRange _range;

    public DiskContent(byte[] bytes, ByteRange range)
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, bytes);
        _handle = File.OpenHandle(path, options: FileOptions.DeleteOnClose, share: FileShare.ReadWrite | FileShare.Delete);
        _range = range;
    }

    public override long Length => _range.Length;

    public override FileRegion? Region => new FileRegion(_handle, _range.Offset, _range.Length);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("the region was to be used");

    public override ValueTask DisposeAsync()
    {
        _handle.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Gives some bytes, then blocks until it is disposed of or the read is cancelled.</summary>
internal sealed class StuckContent(ByteRange range, int bytesBefore) : FileContent
{
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = bytesBefore;

    public Task Disposed => _disposed.Task;

    public override long Length => range.Length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var given = Math.Min(_left, buffer.Length);
        _left -= given;
        if (given > 0) return given;
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return 0;
    }

    public override ValueTask DisposeAsync()
    {
        _disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Gives some bytes and then fails.</summary>
internal sealed class BrokenContent(ByteRange range, int bytesBefore) : FileContent
{
    private int _left = bytesBefore;

    public override long Length => range.Length;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var given = Math.Min(_left, buffer.Length);
        _left -= given;
        return given > 0 ? new(given) : throw new FileContentException(new FileError(FileErrorKind.Failed, "node n2 went away"));
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A range of a file on disk that can be sent from its region and be read.</summary>
internal sealed class ReadableDiskContent(string path, ByteRange range) : FileContent
{
    private readonly SafeFileHandle _handle = File.OpenHandle(path);
    private long _read;

    public override long Length => range.Length;

    public override FileRegion? Region => new FileRegion(_handle, range.Offset, range.Length);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(buffer.Length, range.Length - _read);
        var read = RandomAccess.Read(_handle, buffer.Span[..wanted], range.Offset + _read);
        _read += read;
        return new(read);
    }

    public override ValueTask DisposeAsync()
    {
        _handle.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A peer's response body as it comes from the socket: the first bytes can only be read, all others only be spliced.</summary>
internal sealed class SplicedContent(LoopSocket peer, ByteRange range) : FileContent, ISpliceSource
{
    private bool _isHeadRead;

    public override long Length => range.Length;

    public bool CanFill => _isHeadRead;

    public int Fills { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_isHeadRead) throw new InvalidOperationException("the rest was to be spliced");
        _isHeadRead = true;
        return peer.ReceiveAsync(buffer[..10], cancellationToken);
    }

    public ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken)
    {
        Fills++;
        return peer.FillAsync(pipe, most, cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        peer.Dispose();
        return ValueTask.CompletedTask;
    }
}
