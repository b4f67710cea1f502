using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Duplicates;

/// <summary>
/// Writes results. As JSON: one object per line with <c>size</c>, <c>sha256</c> if it was needed, <c>copies</c> (<c>path</c>,
/// <c>node</c>), <c>uncertain</c> if a copy elsewhere could not be compared, and <c>error</c> instead of a digest that cannot be
/// computed. As text: one line per copy, <c>SIZE SHA256 NODE PATH</c>, and a line that begins with <c>#</c> for a copy that could
/// not be compared.
/// </summary>
internal sealed class CopyLines(Utf8Output output, bool isJson, CancellationToken aborted)
{
    /// <summary>Enough for a copy, or for the text before the first or after the last one.</summary>
    private const int MaxPiece = 2 * (VirtualPath.MaxPathBytes + VirtualPath.MaxNameBytes + NodeName.MaxBytes) + 256;

    /// <returns>False when the client has left.</returns>
    public async ValueTask<bool> AppendAsync(SameContent result)
    {
        if (isJson && !await AppendAsync((ref Utf8Text text) => AppendHead(ref text, result))) return false;
        for (var index = 0; index < result.Copies.Count; index++)
        {
            var (copy, isFirst) = (result.Copies[index], index == 0);
            var isSent = await AppendAsync((ref Utf8Text text) =>
            {
                if (isJson) AppendObject(ref text, copy, isFirst);
                else AppendLine(ref text, result, copy);
            });
            if (!isSent) return false;
        }

        return !isJson || await AppendAsync((ref Utf8Text text) => AppendTail(ref text, result));
    }

    /// <summary>Flushes the output.</summary>
    /// <returns>False when the client has left.</returns>
    public ValueTask<bool> SendAsync() => output.MakeRoomAsync(MaxPiece, aborted);

    private delegate void Append(ref Utf8Text text);

    private async ValueTask<bool> AppendAsync(Append append)
    {
        if (!output.HasRoom(MaxPiece) && !await output.MakeRoomAsync(MaxPiece, aborted)) return false;
        Write(append);
        return true;
    }

    private void Write(Append append)
    {
        var text = new Utf8Text(output.Room);
        append(ref text);
        output.Advance(text.Length);
    }

    private static void AppendHead(ref Utf8Text text, SameContent result)
    {
        text.Append("{\"size\":"u8);
        text.AppendNumber(result.Copies[0].Size);
        if (result.Digest is { } digest)
        {
            text.Append(", \"sha256\":\""u8);
            text.Append(Encoding.ASCII.GetBytes(digest.ToHex()));
            text.Append((byte)'"');
        }

        text.Append(", \"copies\":["u8);
    }

    private static void AppendObject(ref Utf8Text text, in Copy copy, bool isFirst)
    {
        text.Append(isFirst ? "{\"path\":\""u8 : ", {\"path\":\""u8);
        text.AppendJson(Encoding.UTF8.GetBytes(copy.Path.Value));
        text.Append("\", \"node\":\""u8);
        text.AppendJson(Encoding.UTF8.GetBytes(copy.Node.Value));
        text.Append("\"}"u8);
    }

    private static void AppendTail(ref Utf8Text text, SameContent result)
    {
        text.Append((byte)']');
        if (result.IsUncertain) text.Append(", \"uncertain\":true"u8);
        if (result.Failure is { } failure)
        {
            text.Append(", \"error\":\""u8);
            text.AppendJson(Sentence(failure));
            text.Append((byte)'"');
        }

        text.Append("}\n"u8);
    }

    private static void AppendLine(ref Utf8Text text, SameContent result, in Copy copy)
    {
        if (result.Failure is { } failure)
        {
            text.Append("# "u8);
            text.Append(Encoding.UTF8.GetBytes(copy.Path.Value));
            text.Append(" on "u8);
            text.Append(Encoding.UTF8.GetBytes(copy.Node.Value));
            text.Append(" could not be compared: "u8);
            text.Append(Sentence(failure));
        }
        else
        {
            text.AppendNumber(copy.Size);
            text.Append((byte)' ');
            text.Append(result.Digest is { } digest ? Encoding.ASCII.GetBytes(digest.ToHex()) : "-"u8);
            text.Append((byte)' ');
            text.Append(Encoding.UTF8.GetBytes(copy.Node.Value));
            text.Append((byte)' ');
            text.Append(Encoding.UTF8.GetBytes(copy.Path.Value));
        }

        text.Append((byte)'\n');
    }

    /// <summary>An error message of the operating system or a peer, on one line and not longer than a path can be.</summary>
    private static byte[] Sentence(string failure)
    {
        var line = new StringBuilder(failure.Length);
        foreach (var rune in failure.EnumerateRunes())
        {
            if (line.Length > VirtualPath.MaxNameBytes) break;
            line.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return Encoding.UTF8.GetBytes(line.ToString());
    }
}
