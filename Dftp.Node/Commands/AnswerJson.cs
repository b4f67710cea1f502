using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dftp.Node.Commands;

/// <summary>
/// Deserializes answers of nodes: unknown members are ignored, absent ones keep their defaults. The properties therefore have a
/// <c>set</c>: the generated reader sets every absent <c>init</c> property to its type's default instead of its own.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ClusterReply))]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class AnswerJson : JsonSerializerContext;
