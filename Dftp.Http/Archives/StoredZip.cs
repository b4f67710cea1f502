using System.IO.Hashing;
using System.IO.Pipelines;
using Dftp.FileSystem;

namespace Dftp.Http.Archives;

/// <summary>
/// Writes a directory as a ZIP archive without compression, in a form that streaming readers accept too (decision 30). A second
/// walk over the same snapshot makes the directory at the end, so that only a few numbers are kept for each entry.
/// </summary>
internal sealed class StoredZip(ArchiveSource source, PipeWriter output)
{
    private const int FullBlock = StoredBlocks.HeaderBytes + StoredBlocks.MaxData;

    /// <summary>With their overhead these blocks fit a pooled buffer of 256 KiB, so that a flush sends one buffer.</summary>
    private const int BytesBetweenFlushes = 3 * FullBlock;

    private readonly List<ZipMember?> _members = [];
    private long _position;
    private int _unflushed;

    public async Task WriteAsync()
    {
        await foreach (var step in source.WalkAsync())
        {
            source.Aborted.ThrowIfCancellationRequested();
            _members.Add(step.Entry.IsDirectory ? await WriteDirectoryAsync(step) : await WriteFileAsync(step));
        }

        var report = await source.MakeReportAsync();
        if (report is { } last) _members.Add(await WriteMemberAsync(last.Step, last.Step.Entry, last.Content));

        var directoryAt = _position;
        var (index, count) = (0, 0L);
        await foreach (var step in report is null ? source.WalkAsync() : source.WalkAsync().Append(report.Value.Step))
        {
            if (_members[index++] is not { } member) continue;
            count++;
            await WriteAsync(member, step, (record, name) => record.CentralHeader(name));
        }

        var end = GetMemory(ZipRecord.MaxBytes);
        await AdvanceAsync(ZipRecord.End(end.Span, count, directoryAt, _position - directoryAt, _position));
        await FlushAsync();
    }

    private async ValueTask<ZipMember> WriteDirectoryAsync(WalkEntry step)
    {
        var member = new ZipMember(step.Entry, _position, 0);
        await WriteAsync(member, step, (record, name) => record.LocalHeader(name));
        return member;
    }

    /// <returns>Null for a file that is not part of the archive.</returns>
    private async ValueTask<ZipMember?> WriteFileAsync(WalkEntry step)
    {
        var (facts, content) = await source.OpenAsync(step);
        if (content is null) return null;
        await using (content) return await WriteMemberAsync(step, facts, content);
    }

    private async ValueTask<ZipMember> WriteMemberAsync(WalkEntry step, Entry facts, FileContent content)
    {
        var member = new ZipMember(facts, _position, 0);
        await WriteAsync(member, step, (record, name) => record.LocalHeader(name));
        member = member with { Crc = await CopyAsync(content) };
        await WriteEndAsync(StoredBlocks.EndBytes(member.Size));
        var descriptor = GetMemory(ZipRecord.MaxBytes);
        await AdvanceAsync(new ZipRecord(descriptor.Span, member).Descriptor());
        return member;
    }

    private async ValueTask<uint> CopyAsync(FileContent content)
    {
        var crc = new Crc32();
        while (true)
        {
            var block = GetMemory(FullBlock);
            var data = block.Slice(StoredBlocks.HeaderBytes, StoredBlocks.MaxData);
            var count = await FillAsync(content, data);
            if (count == 0) return crc.GetCurrentHashAsUInt32();
            StoredBlocks.WriteHeader(block.Span, count, isLast: false);
            crc.Append(data.Span[..count]);
            await AdvanceAsync(StoredBlocks.HeaderBytes + count);
            if (count < data.Length) return crc.GetCurrentHashAsUInt32();
        }
    }

    /// <summary>Only the last block may be shorter than the others: the packed size in the header relies on it.</summary>
    private async ValueTask<int> FillAsync(FileContent content, Memory<byte> data)
    {
        var filled = 0;
        while (filled < data.Length)
        {
            var count = await content.ReadAsync(data[filled..], source.Aborted);
            if (count == 0) break;
            filled += count;
        }

        return filled;
    }

    private ValueTask WriteEndAsync(int bytes)
    {
        var end = GetMemory(bytes).Span[..bytes];
        for (; !end.IsEmpty; end = end[StoredBlocks.HeaderBytes..])
        {
            StoredBlocks.WriteHeader(end, 0, isLast: end.Length == StoredBlocks.HeaderBytes);
        }

        return AdvanceAsync(bytes);
    }

    private ValueTask WriteAsync(in ZipMember member, in WalkEntry step, Func<ZipRecord, string, int> write)
    {
        var name = ZipName.Of(source.PathOf(step.Directory) + step.Entry.Name) + (step.Entry.IsDirectory ? "/" : "");
        return AdvanceAsync(write(new ZipRecord(GetMemory(ZipRecord.MaxBytes).Span, member), name));
    }

    /// <summary>Returns space for some bytes and for what follows until the next flush.</summary>
    private Memory<byte> GetMemory(int bytes) => output.GetMemory(Math.Max(bytes, BytesBetweenFlushes - _unflushed));

    private ValueTask AdvanceAsync(int bytes)
    {
        output.Advance(bytes);
        _position += bytes;
        _unflushed += bytes;
        return _unflushed < BytesBetweenFlushes ? default : FlushAsync();
    }

    /// <exception cref="ClientLeftException">The client has left.</exception>
    private async ValueTask FlushAsync()
    {
        _unflushed = 0;
        var flushed = await output.FlushAsync(source.Aborted);
        if (flushed.IsCompleted) throw new ClientLeftException();
    }
}
