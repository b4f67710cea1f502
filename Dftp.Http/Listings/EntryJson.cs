using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Listings;

/// <summary>The JSON members of an entry besides its name.</summary>
internal static class EntryJson
{
    public const string ContentType = "application/json";

    /// <summary>Only the owner's name has no fixed width.</summary>
    public const int MaxFacts = 2 * NodeName.MaxBytes + 192;

    /// <summary>Writes the members, each preceded by a comma.</summary>
    public static void AppendFacts(ref Utf8Text text, in Entry entry)
    {
        text.Append(entry.IsDirectory ? ", \"type\":\"directory\", \"mtime\":\""u8 : ", \"type\":\"file\", \"mtime\":\""u8);
        AppendTime(ref text, entry.Modified);
        text.Append((byte)'"');
        if (!entry.IsDirectory)
        {
            text.Append(", \"size\":"u8);
            text.AppendNumber(entry.Size);
        }

        Span<byte> owner = stackalloc byte[NodeName.MaxBytes];
        text.Append(", \"owner\":\""u8);
        text.AppendJson(owner[..Encoding.UTF8.GetBytes(entry.Owner.Value, owner)]);
        text.Append("\", \"holders\":"u8);
        text.AppendNumber(entry.HolderCount);
        if (!entry.IsDirectory) return;
        text.Append(", \"bytes\":"u8);
        text.AppendNumber(entry.Size);
    }

    /// <summary>As nginx: an HTTP date.</summary>
    private static void AppendTime(ref Utf8Text text, UnixTime time)
    {
        Span<byte> date = stackalloc byte[32];
        Utf8Formatter.TryFormat(time.ToDateTimeOffset(), date, out var length, new StandardFormat('R'));
        text.Append(date[..length]);
    }
}
