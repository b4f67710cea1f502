using Dftp.FileSystem;
using Dftp.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Tests.Http;

/// <summary>Gives some bytes, then fails.</summary>
internal sealed class BrokenContent(ByteRange range, int bytesBefore) : FileContent
{
    private int _given;

    public override long Length => range.Length;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = Math.Min(buffer.Length, bytesBefore - _given);
        if (count == 0) throw new FileContentException(new FileError(FileErrorKind.Failed, "the holder went away"));
        buffer.Span[..count].Fill((byte)'x');
        _given += count;
        return new(count);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Gives one byte, then nothing until the read is cancelled.</summary>
internal sealed class StalledContent(ByteRange range) : FileContent
{
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _hasGiven;

    public Task Disposed => _disposed.Task;

    public override long Length => range.Length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_hasGiven) await _disposed.Task.WaitAsync(cancellationToken);
        _hasGiven = true;
        buffer.Span[0] = (byte)'x';
        return 1;
    }

    public override ValueTask DisposeAsync()
    {
        _disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A range of a file on disk that can only be read by its handle.</summary>
internal sealed class RegionContent(SafeFileHandle handle, ByteRange range) : FileContent
{
    public override long Length => range.Length;

    public override FileRegion? Region => new FileRegion(handle, range.Offset, range.Length);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("the region was there to be read");

    public override ValueTask DisposeAsync()
    {
        handle.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A tree whose snapshot is older than the opened files.</summary>
internal sealed class StaleTree(ITreeSnapshot stale, ITreeView now) : ITestTree
{
    public ITreeSnapshot Snapshot => stale;

    public IReadOnlyList<NodeSummary> Nodes => now.Nodes;

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
        now.OpenAsync(path, file, part, cancellationToken);
}

/// <summary>A tree in which each file alternates between two times from opening to opening.</summary>
internal sealed class RestlessTree(ITreeView tree, UnixTime other) : ITestTree
{
    public int Opens { get; private set; }

    public ITreeSnapshot Snapshot => tree.Snapshot;

    public IReadOnlyList<NodeSummary> Nodes => tree.Nodes;

    public async ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
    {
        var opened = await tree.OpenAsync(path, file, part, cancellationToken);
        var facts = opened.Facts;
        return OpenResult.Opened(opened.Content!,
            facts.With(facts.Size, Opens++ % 2 == 0 ? other : facts.Modified, facts.Owner, default), opened.Range);
    }
}
