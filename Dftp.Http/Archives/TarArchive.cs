using System.Formats.Tar;
using Dftp.FileSystem;

namespace Dftp.Http.Archives;

/// <summary>
/// Writes a directory as a tar archive in the format of POSIX.1-2001 (pax): UTF-8 names of any length, times in nanoseconds.
/// </summary>
internal static class TarArchive
{
    private const int EndBytes = 1024;

    public static async Task WriteAsync(ArchiveSource source, Stream output)
    {
        // Not disposed of: disposal would write the end of a complete archive.
        var writer = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        await foreach (var step in source.WalkAsync())
        {
            source.Aborted.ThrowIfCancellationRequested();
            var name = source.PathOf(step.Directory) + step.Entry.Name;
            if (step.Entry.IsDirectory)
            {
                await writer.WriteEntryAsync(Describe(TarEntryType.Directory, name + "/", step.Entry), source.Aborted);
                continue;
            }

            var (facts, content) = await source.OpenAsync(step);
            if (content is null) continue;
            await using (content) await WriteFileAsync(name, facts, content);
        }

        if (await source.MakeReportAsync() is var (last, text))
        {
            await WriteFileAsync(source.PathOf(last.Directory) + last.Entry.Name, last.Entry, text);
        }

        // POSIX pax, "ustar Interchange Format": two 512-octet blocks of binary zeros.
        await output.WriteAsync(new byte[EndBytes], source.Aborted);

        async Task WriteFileAsync(string name, Entry facts, FileContent content)
        {
            var entry = Describe(TarEntryType.RegularFile, name, facts);
            await using var stream = new ContentStream(content);
            entry.DataStream = stream;
            await writer.WriteEntryAsync(entry, source.Aborted);
        }
    }

    private static PaxTarEntry Describe(TarEntryType type, string name, in Entry facts) => new(type, name)
    {
        ModificationTime = facts.Modified.ToDateTimeOffset(),
        Mode = (UnixFileMode)(facts.Permissions & 0b111_111_111),
    };
}
