using System.IO.Pipelines;
using Dftp.FileSystem;

namespace Dftp.Http.Archives;

/// <summary>
/// Writes a directory as a ZIP archive without compression. The directory at its end is made by a second walk over the same snapshot, so
/// that only a few numbers are kept of each entry.
/// </summary>
internal sealed class StoredZip(ArchiveSource source, PipeWriter output)
{
    private const int BlockSize = 256 * 1024;

    private readonly List<ZipMember?> _members = [];
    private long _position;

    public async Task WriteAsync()
    {
        foreach (var step in source.Walk())
        {
            source.Aborted.ThrowIfCancellationRequested();
            _members.Add(step.Entry.IsDirectory ? await WriteDirectoryAsync(step) : await WriteFileAsync(step));
        }

        var directoryAt = _position;
        var (index, count) = (0, 0L);
        foreach (var step in source.Walk())
        {
            if (_members[index++] is not { } member) continue;
            count++;
            await WriteAsync(member, step, (record, name) => record.CentralHeader(name));
        }

        var end = output.GetMemory(ZipRecord.MaxBytes);
        await AdvanceAsync(ZipRecord.End(end.Span, count, directoryAt, _position - directoryAt, _position));
    }

    private async ValueTask<ZipMember> WriteDirectoryAsync(WalkEntry step)
    {
        var member = new ZipMember(step.Entry, _position, 0);
        await WriteAsync(member, step, (record, name) => record.LocalHeader(name));
        return member;
    }

    /// <returns>Null for a file that is gone.</returns>
    private async ValueTask<ZipMember?> WriteFileAsync(WalkEntry step)
    {
        var (facts, content) = await source.OpenAsync(step);
        if (content is null) return null;
        await using (content)
        {
            var member = new ZipMember(facts, _position, 0);
            await WriteAsync(member, step, (record, name) => record.LocalHeader(name));
            member = member with { Crc = await CopyAsync(content) };
            var descriptor = output.GetMemory(ZipRecord.MaxBytes);
            await AdvanceAsync(new ZipRecord(descriptor.Span, member).Descriptor());
            return member;
        }
    }

    private async ValueTask<uint> CopyAsync(FileContent content)
    {
        var crc = new Crc32();
        while (true)
        {
            var block = output.GetMemory(BlockSize);
            var count = await content.ReadAsync(block, source.Aborted);
            if (count == 0) return crc.Value;
            crc.Append(block.Span[..count]);
            await AdvanceAsync(count);
        }
    }

    private ValueTask WriteAsync(in ZipMember member, in WalkEntry step, Func<ZipRecord, string, int> write)
    {
        // Windows takes a backslash for a slash, and ..\ for the way out of the directory.
        var name = (source.PathOf(step.Directory) + step.Entry.Name).Replace('\\', '_') + (step.Entry.IsDirectory ? "/" : "");
        return AdvanceAsync(write(new ZipRecord(output.GetMemory(ZipRecord.MaxBytes).Span, member), name));
    }

    /// <exception cref="ClientLeftException">Nobody reads any more.</exception>
    private async ValueTask AdvanceAsync(int bytes)
    {
        output.Advance(bytes);
        _position += bytes;
        if (output.CanGetUnflushedBytes && output.UnflushedBytes < BlockSize) return;
        var flushed = await output.FlushAsync(source.Aborted);
        if (flushed.IsCompleted) throw new ClientLeftException();
    }
}
