using System.Text.Json;

namespace Dftp.Node.Commands;

/// <summary>How answers of nodes are read: members that are not known are passed over, those that are absent keep their defaults.</summary>
internal static class AnswerJson
{
    // Not generated at compile time: what that generates gives absent members no default.
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };
}
