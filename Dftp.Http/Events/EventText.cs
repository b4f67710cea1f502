using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Events;

/// <summary>
/// Events as text. <c>data</c> is one line of JSON: <c>path</c>, <c>type</c>, <c>size</c>, <c>mtime</c> (as in listings) and
/// <c>owner</c> for a created, changed or deleted path; <c>node</c> for one that joined or left; <c>path</c> for a reset: read it
/// again.
/// </summary>
internal static class EventText
{
    /// <summary>Enough for any event.</summary>
    public const int MaxEvent = 2 * VirtualPath.MaxPathBytes + 2 * NodeName.MaxBytes + 512;

    /// <summary>The client's reconnection delay in milliseconds.</summary>
    public const string Beginning = "retry: 2000\n\n";

    public const string KeepAlive = ": \n\n";

    /// <summary>An event without data is not dispatched, but the client remembers its id.</summary>
    public static string Place(TreeEventId place) => $"id: {place}\n\n";

    public static string Reset(TreeEventId place) => $"id: {place}\nevent: reset\ndata: {{\"path\":\"/\"}}\n\n";

    /// <param name="space">Of <see cref="MaxEvent"/> bytes.</param>
    /// <param name="incarnation">The incarnation of the event's sequence number.</param>
    /// <param name="change">The event.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Write(Span<byte> space, long incarnation, TreeEvent change)
    {
        var text = new Utf8Text(space);
        text.Append("id: "u8);
        text.AppendNumber(incarnation);
        text.Append((byte)'-');
        text.AppendNumber(change.Sequence);
        text.Append("\nevent: "u8);
        text.Append(NameOf(change.Kind));
        text.Append("\ndata: {"u8);
        switch (change.Kind)
        {
            case TreeEventKind.NodeJoined or TreeEventKind.NodeLeft:
                AppendString(ref text, "node"u8, change.Node.Value);
                break;
            case TreeEventKind.Reset:
                AppendString(ref text, "path"u8, change.Path.Value);
                break;
            default:
                AppendString(ref text, "path"u8, change.Path.Value);
                text.Append(change.IsDirectory ? ",\"type\":\"directory\",\"size\":"u8 : ",\"type\":\"file\",\"size\":"u8);
                text.AppendNumber(change.Size);
                text.Append(",\"mtime\":\""u8);
                AppendTime(ref text, change.Modified);
                text.Append("\","u8);
                AppendString(ref text, "owner"u8, change.Node.Value ?? "");
                break;
        }

        text.Append("}\n\n"u8);
        return text.Length;
    }

    private static ReadOnlySpan<byte> NameOf(TreeEventKind kind) => kind switch
    {
        TreeEventKind.Created => "created"u8,
        TreeEventKind.Changed => "changed"u8,
        TreeEventKind.Deleted => "deleted"u8,
        TreeEventKind.NodeJoined => "node-joined"u8,
        TreeEventKind.NodeLeft => "node-left"u8,
        _ => "reset"u8,
    };

    private static void AppendString(ref Utf8Text text, ReadOnlySpan<byte> name, string value)
    {
        text.Append((byte)'"');
        text.Append(name);
        text.Append("\":\""u8);
        text.AppendJson(Encoding.UTF8.GetBytes(value));
        text.Append((byte)'"');
    }

    private static void AppendTime(ref Utf8Text text, UnixTime time)
    {
        Span<byte> date = stackalloc byte[32];
        Utf8Formatter.TryFormat(time.ToDateTimeOffset(), date, out var length, new StandardFormat('R'));
        text.Append(date[..length]);
    }
}
