using System.Buffers;
using System.Text;
using Dftp.FileSystem;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Listing;

/// <summary>The listing of LIST and STAT, as <c>ls -l</c>, <c>ls -lR</c> or <c>ls -ld</c>.</summary>
internal static class UnixListing
{
    public static async Task WriteAsync(ListingOutput output, ITreeSnapshot tree, ListingRequest request, DateTimeOffset now)
    {
        LineFormat format = (IBufferWriter<byte> writer, in Entry entry) => UnixLine.Write(writer, entry, now);
        if (request.IsEntryItself)
        {
            WriteItself(output, request, now);
        }
        else if (request.IsRecursive)
        {
            await WriteTreeAsync(output, tree, request.Path, format);
        }
        else
        {
            await output.WriteAsync(request.EntriesAsync(tree), format);
        }

        await output.FlushAsync();
    }

    private static void WriteItself(ListingOutput output, ListingRequest request, DateTimeOffset now)
    {
        var name = request.Entry.NameUtf8.IsEmpty ? "."u8 : request.Entry.NameUtf8.Span;
        UnixLine.Write(output.Writer, request.Entry, name, now);
    }

    /// <summary>
    /// Each directory follows a line with its path relative to the top, which is <c>.</c>; an empty line separates directories.
    /// </summary>
    private static async Task WriteTreeAsync(ListingOutput output, ITreeSnapshot tree, VirtualPath top, LineFormat format)
    {
        var topLength = top.IsRoot ? 0 : top.Value.Length;
        await foreach (var directory in DirectoryWalk.FromAsync(tree, top))
        {
            if (directory != top) output.Writer.Write("\r\n"u8);
            var below = directory.IsRoot ? "" : directory.Value[topLength..];
            NameLine.Write(output.Writer, Encoding.UTF8.GetBytes("." + below), ":"u8);
            await output.WriteAsync(tree.ListAsync(directory), format);
        }
    }
}
